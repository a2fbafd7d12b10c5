import { buildAppUrl, ensureAppRole } from '../../src/db/app-role.ts';
import { silentLog } from '../../src/db/log.ts';
import { ensureServingSettings } from '../../src/db/serving-settings.ts';

/** As long as the setting's default. */
const statementTimeoutMsUsual = 3_000;

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
  const appUrl = buildAppUrl(ownerUrl);
  await ensureServingSettings({ ownerUrl, appUrl, statementTimeoutMs, log: silentLog });
}
