import type { Config } from '../../config.ts';
import type { Log } from '../../lib/log.ts';
import { replaceLogin } from '../connection/pooler.ts';
import { canLogIn, ensureAppRole } from './app-role.ts';

/** The two URLs of the serving login. */
export type ServingUrls = {
  /** URL for all statements; it may lead through a pooler. */
  appUrl: string;
  /** The same login at the owner's address, which bypasses any pooler; `appUrl` if the login is rejected there. */
  directAppUrl: string;
};

/**
 * Ensures that the serving login works, and returns its URLs. The derived login is tried and altered at the owner's
 * address, because a pooler would keep the connection of the attempt with outdated settings. Throws AppRoleError.
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
  const direct = replaceLogin(ownerUrl, appUrl);
  const isAccepted = await canLogIn(direct).catch(() => false);
  return { appUrl, directAppUrl: isAccepted ? direct : appUrl };
}
