import type pg from 'pg';
import { applySessionSettings, type SessionSettings } from '../session-settings.ts';
import { connect } from './connect.ts';

/** The application_name of the connection. */
export type OwnerClientName = 'tenantry-start' | 'tenantry-operator';

/**
 * Opens a direct connection as the owner, with the session settings this program relies on, `settings`, and no time
 * limits. The caller ends it. If it is lost while idle, the next statement on it fails.
 * @throws ConnectionError
 */
export async function openOwnerClient(
  ownerUrl: string,
  name: OwnerClientName = 'tenantry-start',
  settings: SessionSettings = {},
): Promise<pg.Client> {
  const client = await connect(ownerUrl, { name });
  try {
    await applySessionSettings(client, settings);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}
