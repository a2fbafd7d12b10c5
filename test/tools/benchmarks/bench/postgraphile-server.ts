import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startChild } from '../../../support/child.ts';
import type { ServerProcess } from '../server-process.ts';

const list = fileURLToPath(new URL('../peers/', import.meta.url));
/** Outside the reach of the test runner and the linter. */
const folder = fileURLToPath(
  new URL('../../../../node_modules/.cache/benchmark-peers/', import.meta.url),
);

/**
 * PostGraphile on the same tables, started as its documentation says, without authorization. It is installed at the first
 * run from its own lockfile, since the project itself does not need its 300 MB. Throws if it cannot be installed.
 */
export async function startPostgraphileServer(
  peerUrl: string,
  poolSize: number,
): Promise<ServerProcess> {
  install();
  const child = startChild(`
    import { createServer } from 'node:http';
    import { createRequire } from 'node:module';
    process.env.GRAPHILE_ENV = 'production';
    const require = createRequire(${JSON.stringify(folder)});
    const { postgraphile } = require('postgraphile');
    const { PostGraphileAmberPreset } = require('postgraphile/presets/amber');
    const { makePgService } = require('postgraphile/adaptors/pg');
    const { grafserv } = require('postgraphile/grafserv/node');
    const pgl = postgraphile({
      extends: [PostGraphileAmberPreset],
      pgServices: [makePgService({
        connectionString: ${JSON.stringify(peerUrl)},
        schemas: ['public'],
        poolConfig: { max: ${poolSize}, application_name: 'postgraphile' },
      })],
      grafserv: { graphqlPath: '/graphql', graphiql: false },
    });
    const server = createServer();
    await pgl.createServ(grafserv).addTo(server);
    process.on('SIGTERM', () => process.exit(0));
    server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port));
  `);
  return {
    url: `${await child.firstLine}/graphql`,
    metricsUrl: '',
    pid: child.pid,
    end: child.end,
  };
}

/** Does nothing if this lockfile is already installed. */
function install(): void {
  const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : null);
  if (read(`${folder}done`) === read(`${list}package-lock.json`)) return;
  mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) {
    copyFileSync(list + file, folder + file);
  }
  try {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: folder,
      stdio: 'pipe',
    });
  } catch {
    throw new Error('npm ci failed for test/tools/benchmarks/peers');
  }
  copyFileSync(`${folder}package-lock.json`, `${folder}done`);
}
