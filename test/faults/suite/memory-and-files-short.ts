import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Fault } from '../../support/faults/fault.ts';
import { measureProcess } from '../../support/faults/server-process.ts';

const run = promisify(execFile);

/** Many bodies of nearly the maximum size at once. */
export const fault: Fault = {
  name: '256 MB of heap, 256 open files, 200 bodies of 100 KB at once',
  needs: {
    server: {
      wrapper: ['prlimit', '--nofile=256'],
      nodeArguments: ['--max-old-space-size=256'],
    },
  },
  findObstacle: () =>
    run('prlimit', ['--version']).then(
      () => null,
      () => 'prlimit is not installed (util-linux)',
    ),
  async inject({ servers }, { isQuick }) {
    const [server] = servers;
    const body = JSON.stringify({ query: '{ __typename }', variables: { x: 'x'.repeat(102_000) } });
    const headers = { 'content-type': 'application/json' };
    const statuses = new Set<number | string>();
    for (let round = 0; round < (isQuick ? 2 : 10); round += 1) {
      const sent = Array.from({ length: 200 }, () =>
        fetch(`${server?.url}/graphql`, { method: 'POST', headers, body }).then(
          ({ status }) => statuses.add(status),
          () => statuses.add('connection refused'),
        ),
      );
      await Promise.all(sent);
    }
    const { rssMb } = await measureProcess(server?.pid ?? 0);
    return `statuses: ${[...statuses].join(', ')}; ${rssMb} MB resident`;
  },
  expectation: {
    words: 'it keeps running and rejects what it has no capacity for',
    codes: ['UNAVAILABLE', 'CONNECTION'],
    fullRateMsMax: 5_000,
  },
};
