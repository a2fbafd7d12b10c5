import { withClient } from '../../prove/cluster.ts';

const role = 'bench_peer';
const password = 'only-known-to-the-benchmark';

/**
 * Creates a login for the other servers, which reads all tables without row security, and returns its URL. Unlike the
 * owner's, its statements are counted.
 */
export async function createPeerLogin(ownerUrl: string): Promise<string> {
  const url = new URL(ownerUrl);
  await withClient(ownerUrl, async (client) => {
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
    if (rowCount === 0) {
      await client.query(`create role ${role} login bypassrls password '${password}'`);
    }
    await client.query(`grant connect on database ${url.pathname.slice(1)} to ${role}`);
    await client.query(`grant select on all tables in schema public to ${role}`);
  });
  url.username = role;
  url.password = password;
  return url.href;
}
