import pg from 'pg';
import { applySessionSettings, type SessionSettings } from './session-settings.ts';

/** What the connection is called in pg_stat_activity. */
export type OwnerClientName = 'tenantry-start' | 'tenantry-operator';

/**
 * Opens a direct connection as the owner with the session settings this program relies on and no time
 * limits; `settings` are set as well. The caller ends it. A connection that is lost in between is reported by its next statement.
 * @throws what pg throws when it cannot connect within 10 s.
 */
export async function openOwnerClient(
  ownerUrl: string,
  name: OwnerClientName = 'tenantry-start',
  settings: SessionSettings = {},
): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: ownerUrl,
    connectionTimeoutMillis: 10_000,
    application_name: name,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await applySessionSettings(client, settings);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}
