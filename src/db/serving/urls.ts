import type { Config } from '../../config.ts';
import type { Log } from '../../lib/log.ts';
import { replaceLogin } from '../connection/pooler.ts';
import { canLogIn, ensureAppRole } from './app-role.ts';

/** The serving login's two ways to its database. */
export type ServingUrls = {
  /** URL for all statements; it may lead through a pooler. */
  appUrl: string;
  /** The same login at the owner's address, which leads past any pooler; `appUrl` where it is not let in there. */
  directAppUrl: string;
};

/**
 * Makes sure that the serving login can be used, and returns its URLs. The derived login is tried and altered at the
 * owner's address: a pooler would keep the connection of the attempt, with the settings of that moment.
 * Throws AppRoleError.
 */
export async function findServingUrls(
  { url, directUrl, appUrl }: Config['database'],
  { ownerUrl, log }: { ownerUrl: string; log: Log },
): Promise<ServingUrls> {
  if (appUrl === undefined) {
    const directAppUrl = await ensureAppRole(ownerUrl, log);
    const isPooled = url !== undefined && url !== directUrl;
    return { directAppUrl, appUrl: isPooled ? replaceLogin(url, directAppUrl) : directAppUrl };
  }
  const beside = replaceLogin(ownerUrl, appUrl);
  const isLetIn = await canLogIn(beside).catch(() => false);
  return { appUrl, directAppUrl: isLetIn ? beside : appUrl };
}
