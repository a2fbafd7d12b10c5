import { readDatabaseName } from '../../src/db/replace-database.ts';
import { type DatabaseRoles, nameRoles } from '../../src/db/roles.ts';
import { buildAppUrl, ensureAppRole } from '../../src/db/serving/app-role.ts';
import { ensureServingSettings } from '../../src/db/serving/settings.ts';
import { silentLog } from '../../src/lib/log.ts';

/** The default of the setting. */
const statementTimeoutMsDefault = 3_000;

/** The roles of a database. */
export function rolesOf(ownerUrl: string): DatabaseRoles {
  return nameRoles(readDatabaseName(ownerUrl));
}

/** Creates the serving login of a migrated database, as a start does. Returns its URL. */
export async function ensureServing(
  ownerUrl: string,
  statementTimeoutMs = statementTimeoutMsDefault,
): Promise<string> {
  const appUrl = await ensureAppRole(ownerUrl);
  await ensureServingSettings({ ownerUrl, appUrl, statementTimeoutMs, log: silentLog });
  return appUrl;
}

/** Sets the time limits of the serving login as a server does. */
export async function setStatementTimeout(
  ownerUrl: string,
  statementTimeoutMs: number,
): Promise<void> {
  const appUrl = buildAppUrl(ownerUrl, rolesOf(ownerUrl).app);
  await ensureServingSettings({ ownerUrl, appUrl, statementTimeoutMs, log: silentLog });
}
