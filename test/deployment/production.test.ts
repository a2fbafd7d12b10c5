import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { type EmbeddedCluster, startEmbedded } from '../../src/postgres/start.ts';
import { collect, type Ended, type Served, spawnNode, startProgram } from '../cli/fixture.ts';
import type { GraphQLResult } from '../support/app.ts';
import { listBlocks, readEnvScripts, runScript } from '../support/docs.ts';
import { startTestMail, type TestMailServer } from '../support/smtp.ts';

// Production with the SQL, the .env and the mutations of README.md and docs/operations.md. Only the addresses of
// PostgreSQL and the mail server are those of the test.

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = path.join(root, 'src/cli/tenantry.js');

/** The documented mutation of a page that links lead to. */
async function readMutation(name: string): Promise<string> {
  const blocks = await listBlocks('docs/operations.md', 'Links in mails', 'graphql');
  const block = blocks.find((text) => text.startsWith(`mutation ${name}(`));
  if (block === undefined) throw new Error(`no mutation ${name} in docs/operations.md`);
  return block;
}

let cluster: EmbeddedCluster;
let mail: TestMailServer;
let folder: string;
let settings: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tenantry-production-'));
  mail = await startTestMail({ user: 'user', password: 'password' });
  cluster = await startEmbedded({
    dataDir: path.join(folder, 'postgresql'),
    settingsFile: path.join(root, 'src/postgres/postgresql.conf'),
    overrides: { fsync: 'off' },
    log: silentLog,
  });
  const [sql = ''] = await listBlocks('README.md', 'With your own database', 'sql');
  await asSuperuser(`drop database tenantry; ${sql}`);
  const { server: script } = await readEnvScripts();
  expect(script).toContain('localhost:5432');
  expect(script).toContain('@mail.example.com:587');
  settings = script
    .replace('localhost:5432', `127.0.0.1:${cluster.port}`)
    .replace('mail.example.com:587', new URL(mail.url).host);
  await writeSettings();
});
afterAll(async () => {
  await cluster.stop();
  await mail.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

/** Writes .env with the script of the README, perhaps without the matching lines. */
async function writeSettings(omitted = /^$/): Promise<void> {
  const lines = settings.split('\n').filter((line) => line === '' || !omitted.test(line));
  await runScript(lines.join('\n'), folder);
}

/** Runs statements one by one, as `psql` would. */
async function asSuperuser(sql: string): Promise<void> {
  const url = new URL(cluster.ownerUrl);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  for (const statement of sql.split(';').filter((text) => text.trim() !== '')) {
    await client.query(statement);
  }
  await client.end();
}

/** Any free port, since 4000 may be in use. */
const environment = { NODE_ENV: undefined, PORT: '0' };

async function runProgram(args: string[], input = ''): Promise<Ended> {
  const child = spawnNode([program, ...args], environment, folder);
  const ended = collect(child);
  child.stdin?.end(input);
  return await ended;
}

describe('a server started by the README', () => {
  let server: Served;
  const password = 'slow violet tractors hum';
  beforeAll(async () => {
    server = await startProgram([program, 'serve'], { cwd: folder, environment });
  });
  afterAll(async () => {
    const { code, stderr } = await server.end('SIGTERM');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  async function ask(query: string, variables: object, token?: string): Promise<GraphQLResult> {
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as GraphQLResult;
  }

  /** Signs a user up and follows the link that verifies their address. */
  async function join(email: string, tenantName: string | null = null) {
    const signUp = `mutation ($input: SignUpInput!) { signUp(input: $input) {
      ... on SignUpSuccess { token tenant { id } } ... on Error { code message } } }`;
    const { data } = await ask(signUp, { input: { email, password, tenantName } });
    expect(data.signUp.code).toBeUndefined();
    const { token } = await followLink(email, 'https://app.example.com/verify');
    const verified = await ask(await readMutation('Verify'), { token });
    expect(verified).toEqual({ data: { verifyEmail: { email } } });
    return data.signUp as { token: string; tenant: { id: string } };
  }

  /** The next mail to an address, whose only link leads to this page with the mail's token. */
  async function followLink(email: string, page: string): Promise<{ token: string | null }> {
    const received = await mail.waitForMail(email);
    expect(received.parsed.from?.text).toBe('"Tenantry" <no-reply@example.com>');
    expect(received.text.match(/https?:\/\/\S+/g)).toEqual([`${page}#token=${received.token}`]);
    return received;
  }

  test('a user invited by mail joins through the documented pages', async () => {
    const owner = await join('owner@firm.example', 'The Firm');
    const invite = `mutation ($input: InviteMembersInput!) { inviteMembers(input: $input) {
      ... on InviteMembersSuccess { results { error { message } } } ... on Error { message } } }`;
    const invitations = [{ email: 'mary@people.example', roleKeys: ['member'] }];
    const input = { tenantId: owner.tenant.id, invitations };
    const invited = await ask(invite, { input }, owner.token);
    expect(invited).toEqual({ data: { inviteMembers: { results: [{ error: null }] } } });
    const { token } = await followLink('mary@people.example', 'https://app.example.com/join');
    const mary = await join('mary@people.example');
    const accepted = await ask(await readMutation('Join'), { token }, mary.token);
    expect(accepted.data.acceptInvitation.membership.tenant.name).toBe('The Firm');
  });

  test('a forgotten password is reset through the documented page', async () => {
    const email = 'forgetful@people.example';
    await join(email);
    const request = `mutation ($input: RequestPasswordResetInput!) {
      requestPasswordReset(input: $input) { __typename } }`;
    await ask(request, { input: { email } });
    const { token } = await followLink(email, 'https://app.example.com/reset');
    const newPassword = 'a heron over the pond';
    const reset = await ask(await readMutation('Reset'), { token, newPassword });
    expect(reset).toEqual({ data: { resetPassword: { revokedCount: 1 } } });
  });

  test('no development page and no introspection is available', async () => {
    for (const page of ['inbox', 'invitation', 'email-verification', 'password-reset']) {
      expect((await fetch(`${server.url}/dev/${page}`)).status, page).toBe(404);
    }
    expect((await ask('{ __schema { types { name } } }', {})).data).toBeUndefined();
  });

  test('an administrator is created while it runs', async () => {
    const args = ['admin', 'create', '--email', 'you@example.com', '--password-stdin', '--json'];
    const { code, stdout } = await runProgram(args, `${password}\n`);
    expect([code, JSON.parse(stdout).outcome]).toEqual([0, 'created']);
  });
});

test.each([
  ['PUBLIC_URL', 'INVITATION_URL'],
  ['MAIL_FROM', 'MAIL_FROM'],
  ['TENANTRY_SECRET', 'TENANTRY_SECRET'],
])('without %s the start fails with one line that names it', async (name, also) => {
  await writeSettings(new RegExp(`^${name}=`));
  const { code, stdout, stderr } = await runProgram(['serve']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(new RegExp(`^error: .*${name}.*\n$`));
  expect(stderr).toContain(also);
  await writeSettings();
});

test('without SMTP_URL the server starts and logs that it is not set', async () => {
  await writeSettings(/^(SMTP_URL|MAIL_FROM|PUBLIC_URL)=/);
  const server = await startProgram([program, 'serve'], { cwd: folder, environment });
  const { code, stdout } = await server.end('SIGTERM');
  expect(code).toBe(0);
  expect(stdout).toContain('SMTP_URL is not set');
  await writeSettings();
});
