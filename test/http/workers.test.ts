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

// `tenantry serve` with WEB_CONCURRENCY=2: two processes that are one server to their callers.

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

  test('answer at one address, each with its share of what the server may take', async () => {
    const answers = await workers.askEach(viewer, team.owner.token);
    expect([...answers.keys()].sort()).toEqual([1, 2]);
    for (const { data } of answers.values()) expect(data.viewer.user.id).toBe(team.owner.userId);
    const figures = await workers.scrape();
    expect(figures.get('tenantry_workers')).toBe(2);
    expect(figures.get('tenantry_pool_connections_max')).toBe(10);
    expect(figures.get('tenantry_in_flight_max')).toBe(24);
  });

  test('are counted together', async () => {
    const before = await workers.scrape();
    await workers.askEach(viewer, team.owner.token);
    await workers.askEach(viewer, team.owner.token);
    const after = await workers.scrape();
    const asked = workers.lines.filter(({ msg }) => msg === 'query viewer').length;
    expect(after.get(countOf('query viewer'))).toBe(asked);
    expect(asked - (before.get(countOf('query viewer')) ?? 0)).toBeGreaterThanOrEqual(4);
  });

  test('both refuse a session that one of them has ended', async () => {
    const { owner } = await createTeam(workers);
    for (const { data } of (await workers.askEach(viewer, owner.token)).values()) {
      expect(data.viewer.user.id).toBe(owner.userId);
    }
    const ended = await workers.ask('mutation { signOut { __typename } }', { token: owner.token });
    expect(ended.data.signOut.__typename).toBe('SignOutSuccess');
    // The other process hears of it, and until then believes what it has checked for at most a second.
    const nobody = { data: { viewer: null } };
    await expect
      .poll(async () => [...(await workers.askEach(viewer, owner.token)).values()])
      .toEqual([nobody, nobody]);
  });

  test('go on when one is killed: the other answers, a new one joins, and no total falls', async () => {
    const before = await workers.scrape();
    const pid = workers.findPid(1);
    process.kill(pid, 'SIGKILL');
    const line = await workers.waitForLine((line) => hasEnded(line) && line.pid === pid);
    expect(line).toMatchObject({ level: 50, worker: 1, signal: 'SIGKILL' });
    const { data } = await workers.ask(viewer, { token: team.owner.token });
    expect(data.viewer.user.id).toBe(team.owner.userId);
    await workers.waitForLine((line) => isServing(line) && line.worker === 1 && line.pid !== pid);
    const answers = await workers.askEach(viewer, team.owner.token);
    expect([...answers.keys()].sort()).toEqual([1, 2]);
    const after = await workers.scrape();
    const grown = [...before].filter(([name]) => name.startsWith('tenantry_operation_seconds_'));
    expect(grown.filter(([name, count]) => (after.get(name) ?? 0) < count)).toEqual([]);
  });

  test('end with a primary that was killed', async () => {
    const pids = [workers.findPid(1), workers.findPid(2)];
    expect(pids.every(hasProcess)).toBe(true);
    process.kill(workers.pid, 'SIGKILL');
    await workers.ended;
    await waitUntil(async () => !pids.some(hasProcess));
  });
});

describe('a stop', () => {
  /** Workers that have eight operations in hand, none of which can end before the lock is gone. */
  async function startBusy() {
    const workers = await startWorkers({
      ...{ DATABASE_STATEMENT_TIMEOUT_MS: '50000', DATABASE_QUERY_TIMEOUT_MS: '50000' },
      ...{ REQUEST_TIMEOUT_MS: '50000', SHUTDOWN_GRACE_MS: '50000' },
    });
    onTestFinished(workers.close);
    const { owner } = await createTeam(workers);
    await workers.owner.query('begin; lock table users in access exclusive mode');
    const asked = Array.from({ length: 8 }, () => workers.ask(viewer, { token: owner.token }));
    for (const answer of asked) answer.catch(() => undefined);
    const countInHand = async () => (await workers.scrape()).get('tenantry_in_flight');
    await waitUntil(async () => (await countInHand()) === asked.length);
    return { workers, owner, asked };
  }

  test.each([
    ['the primary', (pid: number) => process.kill(pid, 'SIGTERM')],
    ['every process of a terminal', (pid: number) => process.kill(-pid, 'SIGINT')],
  ])('by a signal to %s lets all workers answer what they have begun', async (_whom, signal) => {
    const { workers, owner, asked } = await startBusy();
    signal(workers.pid);
    await waitUntil(async () => !(await accepts(workers.url)));
    await workers.owner.query('rollback');
    const answers = await Promise.all(asked);
    expect(answers.map(({ data }) => data.viewer.user.id)).toEqual(asked.map(() => owner.userId));
    expect(await workers.ended).toBe(0);
    expect(workers.lines.filter(({ level }) => level >= 50)).toEqual([]);
  });

  test('announces itself at /readyz of every worker, and all serve on meanwhile', async () => {
    const workers = await startWorkers({ SHUTDOWN_DELAY_MS: '300000' });
    onTestFinished(workers.close);
    const probe = async () => (await fetch(`${workers.url}/readyz`)).status;
    await waitUntil(async () => (await probe()) === 200);
    process.kill(workers.pid, 'SIGTERM');
    // One after the other: the primary hands connections to the workers in turn.
    await waitUntil(async () => (await probe()) === 503 && (await probe()) === 503);
    expect(await workers.ask(viewer)).toEqual({ data: { viewer: null } });
    expect(await workers.ask(viewer)).toEqual({ data: { viewer: null } });
    // The third signal of a kind waits for nothing; two that come at once count as one.
    await waitUntil(async () => {
      if (hasProcess(workers.pid)) process.kill(workers.pid, 'SIGTERM');
      return !hasProcess(workers.pid);
    });
    expect(await workers.ended).toBe(1);
  });

  test('that is asked for again and again waits for nothing, and leaves no worker behind', async () => {
    const { workers, asked } = await startBusy();
    const pids = [workers.findPid(1), workers.findPid(2)];
    await waitUntil(async () => {
      if (hasProcess(workers.pid)) process.kill(workers.pid, 'SIGTERM');
      return !pids.some(hasProcess);
    });
    expect(await workers.ended).toBe(1);
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toEqual([]);
  });
});

describe('a start that fails', () => {
  /** Starts workers on a configuration that this process has no way to check. */
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

  test('says what the worker said, replaces nobody and leaves nobody behind', async () => {
    const passwords = '{ ...config.passwords, memoryKib: 1 }';
    const { code, stdout, stderr } = await startOn(`passwords: ${passwords}`);
    expect(code).toBe(0);
    expect(stderr).toBe('The decoy must be a well-formed hash.\n');
    expect(stdout).not.toContain('replacing');
  });

  test('says the same of a port that somebody has taken meanwhile', () => {
    const taken = new PortTakenError('127.0.0.1', 4000, null);
    expect(findClearMessage(unpackError(packError(taken)))).toBe(taken.message);
    const refused = Object.assign(new Error('listen EACCES'), {
      code: 'EACCES',
      syscall: 'listen',
    });
    expect(findClearMessage(unpackError(packError(refused)))).toContain('cannot listen');
  });

  test('has one line for settings that leave a worker too few connections', async () => {
    const { code, stderr } = await runTenantry(['serve'], { WEB_CONCURRENCY: '6' });
    expect(code).toBe(1);
    expect(stderr).toContain('DATABASE_POOL_SIZE must be at least 12, two for each of');
  });
});

/** Whether somebody listens there. */
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
