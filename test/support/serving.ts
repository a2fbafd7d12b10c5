import { readDatabaseName } from '../../src/db/replace-database.ts';
import { type DatabaseRoles, nameRoles } from '../../src/db/roles.ts';
import { buildAppUrl, ensureAppRole } from '../../src/db/serving/app-role.ts';
import { ensureServingSettings } from '../../src/db/serving/settings.ts';
import { silentLog } from '../../src/lib/log.ts';

/** As long as the setting's default. */
const statementTimeoutMsUsual = 3_000;

/** The roles of a database that has had its start. */
export function rolesOf(ownerUrl: string): DatabaseRoles {
  return nameRoles(readDatabaseName(ownerUrl));
}

/** What a start does for the serving login of a migrated database. Returns its url. */
export async function ensureServing(
  ownerUrl: string,
  statementTimeoutMs = statementTimeoutMsUsual,
): Promise<string> {
  const appUrl = await ensureAppRole(ownerUrl);
  await ensureServingSettings({ ownerUrl, appUrl, statementTimeoutMs, log: silentLog });
  return appUrl;
}

/** Brings the time limits of a database that has its login to those of one server. */
export async function setStatementTimeout(
  ownerUrl: string,
  statementTimeoutMs: number,
): Promise<void> {
  const appUrl = buildAppUrl(ownerUrl, rolesOf(ownerUrl).app);
  await ensureServingSettings({ ownerUrl, appUrl, statementTimeoutMs, log: silentLog });
}
