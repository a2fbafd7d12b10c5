import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findClearMessage } from '../../src/cli/errors.ts';
import { packError, unpackError } from '../../src/cli/serve/workers/messages.ts';
import { PortTakenError } from '../../src/http/port-taken-error.ts';
import { hasProcess } from '../../src/lib/process-token.ts';
import { collect, type Ended, runTenantry, spawnScript } from '../cli/fixture.ts';
import { waitUntil } from '../support/child.ts';
import { createTestDatabase } from '../support/cluster.ts';
import { createTeam, type Team } from '../support/people.ts';
import { isServing, startWorkers, type Workers } from '../support/workers.ts';

// `tenantry serve` with WEB_CONCURRENCY=2: two processes that act as one server.

const viewer = '{ viewer { user { id } } }';
const countOf = (operation: string) => `tenantry_operation_seconds_count{operation="${operation}"}`;
const hasEnded = ({ msg }: { msg?: string }) => msg === 'worker exited; replacing it';

describe('two workers', () => {
  let workers: Workers;
  let team: Team;
  beforeAll(async () => {
    workers = await startWorkers();
    team = await createTeam(workers);
  });
  afterAll(() => workers?.close());

  test('listen on one address, each with its share of the limits of the server', async () => {
    const responses = await workers.askEach(viewer, team.owner.token);
    expect([...responses.keys()].sort()).toEqual([1, 2]);
    for (const { data } of responses.values()) expect(data.viewer.user.id).toBe(team.owner.userId);
    const metrics = await workers.scrape();
    expect(metrics.get('tenantry_workers')).toBe(2);
    expect(metrics.get('tenantry_pool_connections_max')).toBe(10);
    expect(metrics.get('tenantry_in_flight_max')).toBe(24);
  });

  test('add up their metrics', async () => {
    const before = await workers.scrape();
    await workers.askEach(viewer, team.owner.token);
    await workers.askEach(viewer, team.owner.token);
    const after = await workers.scrape();
    const requested = workers.lines.filter(({ msg }) => msg === 'query viewer').length;
    expect(after.get(countOf('query viewer'))).toBe(requested);
    expect(requested - (before.get(countOf('query viewer')) ?? 0)).toBeGreaterThanOrEqual(4);
  });

  test('both reject a session that one of them has revoked', async () => {
    const { owner } = await createTeam(workers);
    for (const { data } of (await workers.askEach(viewer, owner.token)).values()) {
      expect(data.viewer.user.id).toBe(owner.userId);
    }
    const ended = await workers.ask('mutation { signOut { __typename } }', { token: owner.token });
    expect(ended.data.signOut.__typename).toBe('SignOutSuccess');
    // The other process is notified; until then it trusts its cache for at most a second.
    const nobody = { data: { viewer: null } };
    await expect
      .poll(async () => [...(await workers.askEach(viewer, owner.token)).values()])
      .toEqual([nobody, nobody]);
  });

  test('survive the kill of one: the other responds, a new one starts, and no counter falls', async () => {
    const before = await workers.scrape();
    const pid = workers.findPid(1);
    process.kill(pid, 'SIGKILL');
    const line = await workers.waitForLine((line) => hasEnded(line) && line.pid === pid);
    expect(line).toMatchObject({ level: 50, worker: 1, signal: 'SIGKILL' });
    const { data } = await workers.ask(viewer, { token: team.owner.token });
    expect(data.viewer.user.id).toBe(team.owner.userId);
    await workers.waitForLine((line) => isServing(line) && line.worker === 1 && line.pid !== pid);
    const responses = await workers.askEach(viewer, team.owner.token);
    expect([...responses.keys()].sort()).toEqual([1, 2]);
    const after = await workers.scrape();
    const grown = [...before].filter(([name]) => name.startsWith('tenantry_operation_seconds_'));
    expect(grown.filter(([name, count]) => (after.get(name) ?? 0) < count)).toEqual([]);
  });

  test('end when the primary is killed', async () => {
    const pids = [workers.findPid(1), workers.findPid(2)];
    expect(pids.every(hasProcess)).toBe(true);
    process.kill(workers.pid, 'SIGKILL');
    await workers.ended;
    await waitUntil(async () => !pids.some(hasProcess));
  });
});

describe('a shutdown', () => {
  /** Starts workers with eight operations in flight, none of which can end before a lock is released. */
  async function startBusy() {
    const workers = await startWorkers({
      ...{ DATABASE_STATEMENT_TIMEOUT_MS: '50000', DATABASE_QUERY_TIMEOUT_MS: '50000' },
      ...{ REQUEST_TIMEOUT_MS: '50000', SHUTDOWN_GRACE_MS: '50000' },
    });
    onTestFinished(workers.close);
    const { owner } = await createTeam(workers);
    await workers.owner.query('begin; lock table users in access exclusive mode');
    const pending = Array.from({ length: 8 }, () => workers.ask(viewer, { token: owner.token }));
    for (const one of pending) one.catch(() => undefined);
    const countInFlight = async () => (await workers.scrape()).get('tenantry_in_flight');
    await waitUntil(async () => (await countInFlight()) === pending.length);
    return { workers, owner, pending };
  }

  test.each([
    ['the primary', (pid: number) => process.kill(pid, 'SIGTERM')],
    ['every process of a terminal', (pid: number) => process.kill(-pid, 'SIGINT')],
  ])('by a signal to %s lets all workers finish their operations', async (_target, signal) => {
    const { workers, owner, pending } = await startBusy();
    signal(workers.pid);
    await waitUntil(async () => !(await accepts(workers.url)));
    await workers.owner.query('rollback');
    const responses = await Promise.all(pending);
    expect(responses.map(({ data }) => data.viewer.user.id)).toEqual(
      pending.map(() => owner.userId),
    );
    expect(await workers.ended).toBe(0);
    expect(workers.lines.filter(({ level }) => level >= 50)).toEqual([]);
  });

  test('is announced at /readyz of every worker, and all of them keep responding', async () => {
    const workers = await startWorkers({ SHUTDOWN_DELAY_MS: '300000' });
    onTestFinished(workers.close);
    const probe = async () => (await fetch(`${workers.url}/readyz`)).status;
    await waitUntil(async () => (await probe()) === 200);
    process.kill(workers.pid, 'SIGTERM');
    // In sequence: the primary passes connections to the workers in turn.
    await waitUntil(async () => (await probe()) === 503 && (await probe()) === 503);
    expect(await workers.ask(viewer)).toEqual({ data: { viewer: null } });
    expect(await workers.ask(viewer)).toEqual({ data: { viewer: null } });
    // The third signal of a kind skips the wait; two that come at once count as one.
    await waitUntil(async () => {
      if (hasProcess(workers.pid)) process.kill(workers.pid, 'SIGTERM');
      return !hasProcess(workers.pid);
    });
    expect(await workers.ended).toBe(1);
  });

  test('that is repeated does not wait, and leaves no worker behind', async () => {
    const { workers, pending } = await startBusy();
    const pids = [workers.findPid(1), workers.findPid(2)];
    await waitUntil(async () => {
      if (hasProcess(workers.pid)) process.kill(workers.pid, 'SIGTERM');
      return !pids.some(hasProcess);
    });
    expect(await workers.ended).toBe(1);
    const outcomes = await Promise.allSettled(pending);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toEqual([]);
  });
});

describe('a start that fails', () => {
  /** Starts workers with a configuration that only they can check. */
  async function startOn(part: string): Promise<Ended> {
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    const child = spawnScript(
      `import { loadConfig } from '#root/src/config.ts';
       import { startWorkers } from '#root/src/cli/serve/workers/primary.ts';
       import { findClearMessage } from '#root/src/cli/errors.ts';
       import { createLogger } from '#root/src/observability/logger.ts';
       // Those of --eval are not for a file.
       process.execArgv = [];
       const config = loadConfig({ NODE_ENV: 'test', PORT: '0', WEB_CONCURRENCY: '2' });
       const parts = { appUrl: process.env.APP_URL, secret: 's'.repeat(40) };
       try {
         await startWorkers({ ...config, ${part} }, { ...parts, log: createLogger(config.log) });
       } catch (error) {
         console.error(findClearMessage(error) ?? error.message);
       }`,
      { APP_URL: database.appUrl },
    );
    return collect(child);
  }

  test('prints the error of the worker, restarts no worker and leaves none behind', async () => {
    const passwords = '{ ...config.passwords, memoryKib: 1 }';
    const { code, stdout, stderr } = await startOn(`passwords: ${passwords}`);
    expect(code).toBe(0);
    expect(stderr).toBe('The decoy must be a well-formed hash.\n');
    expect(stdout).not.toContain('replacing');
  });

  test('prints the same error for a port that was taken meanwhile', () => {
    const taken = new PortTakenError('127.0.0.1', 4000, null);
    expect(findClearMessage(unpackError(packError(taken)))).toBe(taken.message);
    const rejected = Object.assign(new Error('listen EACCES'), {
      code: 'EACCES',
      syscall: 'listen',
    });
    expect(findClearMessage(unpackError(packError(rejected)))).toContain('cannot listen');
  });

  test('prints one line for settings that leave a worker too few connections', async () => {
    const { code, stderr } = await runTenantry(['serve'], { WEB_CONCURRENCY: '6' });
    expect(code).toBe(1);
    expect(stderr).toContain('DATABASE_POOL_SIZE must be at least 12, two for each of');
  });
});

/** Returns whether the URL accepts connections. */
async function accepts(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
