import { startChild } from '../../../support/child.ts';
import type { ServerProcess } from '../server-process.ts';

/**
 * A bare HTTP server that runs one named statement per request through pg, the session with its user, without
 * authorization, limits, logging or row security.
 */
export async function startRawServer(peerUrl: string, poolSize: number): Promise<ServerProcess> {
  const child = startChild(`
    import { createHash } from 'node:crypto';
    import { createServer } from 'node:http';
    import pg from 'pg';
    const pool = new pg.Pool({
      connectionString: ${JSON.stringify(peerUrl)}, max: ${poolSize}, application_name: 'raw',
    });
    const text = \`select s.id as session_id, s.expires_at, u.id as user_id, u.email
      from sessions s join users u on u.id = s.user_id
      where s.token_hash = $1 and s.expires_at > now() and u.status = 'active'
        and s.last_seen_at + make_interval(secs => s.idle_timeout_seconds) > now()\`;
    const server = createServer((request, response) => {
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', async () => {
        const { token } = JSON.parse(Buffer.concat(chunks).toString()).variables;
        const hash = createHash('sha256').update(token).digest();
        const { rows } = await pool.query({ name: 'session', text, values: [hash] });
        const body = JSON.stringify({ data: { session: rows[0] ?? null } });
        response.writeHead(200, {
          'content-type': 'application/json', 'content-length': Buffer.byteLength(body),
        });
        response.end(body);
      });
    });
    process.on('SIGTERM', () => { server.close(() => pool.end()); server.closeAllConnections(); });
    server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port));
  `);
  return {
    url: `${await child.firstLine}/graphql`,
    metricsUrl: '',
    pid: child.pid,
    end: child.end,
  };
}
