import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDataDir, runTenantry, type Served, startServing } from '../cli/fixture.ts';
import { createProgram, isKeyValid, type Program, sendKey } from '../support/api-keys.ts';
import type { AskOptions, GraphQLResult } from '../support/app.ts';
import { startCrashingCluster } from '../support/crashing-cluster.ts';
import { create, roleOf } from '../support/creations.ts';
import { send } from '../support/credentials.ts';
import { createTeam, type Team } from '../support/people.ts';

// Credentials that were revoked after a backup must still be invalid once it is restored.

/** The settings that name the database of a server. */
type DatabaseSettings = Record<string, string>;
type Ask = (query: string, options?: AskOptions) => Promise<GraphQLResult>;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tenantry-restore-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const quiet = { LOG_LEVEL: 'error', DEMO: 'off' };

/** Sends requests to the current server. */
const createAsk =
  (getUrl: () => string): Ask =>
  async (query, { token, variables } = {}) => {
    const response = await fetch(`${getUrl()}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as GraphQLResult;
  };

/** Backs up a running server, revokes credentials, stops the server, restores the backup and starts a new server. */
async function drill(settings: DatabaseSettings, name: string, options: readonly string[] = []) {
  const environment = { ...quiet, ...settings };
  let server: Served = await startServing(environment);
  const app = { ask: createAsk(() => server.url) };
  const team = await createTeam(app);
  const untouched = await createTeam(app);
  const revoked = await createProgram(app, team.owner, team, 'tenant:read');
  const live = await createProgram(app, team.owner, team, 'tenant:read');
  expect((await create(team.owner.ask, 'createRole', roleOf(team, 'kept'))).code).toBeNull();
  const backup = path.join(folder, name);
  expect(await runTenantry(['backup', backup], settings)).toMatchObject({ code: 0 });
  expect((await sendKey(team.owner.ask, 'revokeApiKey', { apiKeyId: revoked.id })).code).toBeNull();
  expect((await create(team.owner.ask, 'createRole', roleOf(team, 'later'))).code).toBeNull();
  expect((await send(team.owner.ask, 'signOut')).code).toBeNull();
  const early = await runTenantry(['restore', backup, '--yes'], settings);
  expect(early).toMatchObject({ code: 1, stderr: expect.stringContaining('stop') });
  await server.end('SIGTERM');
  const ended = await runTenantry(['restore', backup, '--yes', '--json', ...options], settings);
  expect(ended).toMatchObject({ code: 0 });
  server = await startServing(environment);
  return { app, team, untouched, revoked, live, restored: JSON.parse(ended.stdout), server };
}

async function listRoles(ask: Ask, team: Team): Promise<string[]> {
  const { email, password } = team.owner;
  const { code, value } = await send(ask, 'signIn', { email, password });
  expect(code).toBeNull();
  const { data } = await ask('query ($id: ID!) { tenant(id: $id) { roles { key } } }', {
    token: value.token,
    variables: { id: team.tenantId },
  });
  return data.tenant.roles.map(({ key }: { key: string }) => key);
}

async function isSignedIn(ask: Ask, { owner }: Team): Promise<boolean> {
  return (await ask('{ viewer { user { id } } }', { token: owner.token })).data.viewer !== null;
}

describe('a backup of the embedded PostgreSQL', () => {
  let settings: DatabaseSettings;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    const data = await createDataDir();
    settings = { TENANTRY_DATA_DIR: data.dataDir };
    remove = data.remove;
  });
  afterAll(() => remove());

  test('restores the data of the backup, and no credential that was valid then', async () => {
    const { app, team, untouched, revoked, live, restored, server } = await drill(settings, 'copy');
    expect(restored.ended).toMatchObject({ sessions: 2, apiKeys: 2 });
    expect(await isSignedIn(app.ask, team)).toBe(false);
    expect(await isSignedIn(app.ask, untouched)).toBe(false);
    for (const program of [revoked, live]) expect(await isAccepted(program)).toBe(false);
    const roles = await listRoles(app.ask, team);
    expect(roles).toContain('kept');
    expect(roles).not.toContain('later');
    expect((await stat(restored.aside)).isDirectory()).toBe(true);
    expect(await runTenantry(['audit', 'verify'], settings)).toMatchObject({ code: 0 });
    await server.end('SIGTERM');
  });

  test('restores the API keys with --keep-keys, but never the sessions', async () => {
    const kept = await drill(settings, 'keys', ['--keep-keys']);
    expect(kept.restored.ended).toMatchObject({ apiKeys: 0 });
    expect(await isAccepted(kept.live)).toBe(true);
    expect(await isSignedIn(kept.app.ask, kept.untouched)).toBe(false);
    const now = await runTenantry(['restore', 'now', '--yes'], settings);
    expect(now).toMatchObject({ code: 0, stdout: expect.stringContaining('Ended:') });
    expect(await isAccepted(kept.live)).toBe(false);
    await kept.server.end('SIGTERM');
  });

  test('is rejected if it is incomplete, and nothing is replaced', async () => {
    const unfinished = await runTenantry(['restore', folder, '--yes'], settings);
    expect(unfinished).toMatchObject({ code: 1, stderr: expect.stringContaining('no complete') });
    const taken = await runTenantry(['backup', folder], settings);
    expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining('exists already') });
  });
});

/** False also if the check of the key fails with an error. */
async function isAccepted(program: Program): Promise<boolean> {
  return isKeyValid(program).catch(() => false);
}

describe('a backup of your own PostgreSQL', () => {
  const hasTools = () => {
    try {
      return / 1[89]\.| [2-9]\d\./.test(
        execFileSync('pg_dump', ['--version'], { encoding: 'utf8' }),
      );
    } catch {
      return false;
    }
  };

  test.runIf(hasTools())('restores the data, and no credential that was valid then', async () => {
    const { database } = await startCrashingCluster();
    const settings = { DATABASE_URL: database.ownerUrl };
    const { app, team, revoked, live, restored, server } = await drill(settings, 'dump');
    expect(await isSignedIn(app.ask, team)).toBe(false);
    for (const program of [revoked, live]) expect(await isAccepted(program)).toBe(false);
    expect(await listRoles(app.ask, team)).toContain('kept');
    expect(restored.aside).toMatch(/^tenantry_before_/);
    await server.end('SIGTERM');
    await database.drop();
  });

  test.runIf(!hasTools())(
    'is rejected without a matching pg_dump, and the error names the option to set',
    async () => {
      const { database } = await startCrashingCluster();
      const settings = { DATABASE_URL: database.ownerUrl };
      const backup = await runTenantry(['backup', path.join(folder, 'none')], settings);
      expect(backup).toMatchObject({ code: 1, stderr: expect.stringContaining('--pg-bin') });
      await database.drop();
    },
  );
});
