import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeApp } from '../support/describe-app.ts';
import { manage } from '../support/life-cycle.ts';
import { createTeam, type Team } from '../support/people.ts';
import { runTenantry, spawnTenantry } from './fixture.ts';

const app = describeApp();
let team: Team;
let folder: string;
beforeAll(async () => {
  team = await createTeam(app);
  folder = await mkdtemp(path.join(tmpdir(), 'tenantry-audit-'));
  for (const name of ['One', 'Two', 'Three']) await rename(name);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const rename = (name: string) =>
  manage(team.owner.ask, 'updateTenant', { tenantId: team.tenantId, name });

function getEnvironment() {
  const { host, port, database, user, password } = app.owner;
  return {
    DATABASE_URL: `postgresql://${user}:${password}@${host}:${port}/${database}`,
    TENANTRY_SECRET: 'a secret of 32 characters for the tests',
  };
}

const audit = (...args: string[]) => runTenantry(['audit', ...args], getEnvironment());
const verify = async (...args: string[]) => {
  const { code, stdout, stderr } = await audit('verify', '--json', ...args);
  return { code, stderr, found: JSON.parse(stdout || 'null') };
};

test('tail prints the newest entries, newest last, as a table or as JSON', async () => {
  const { code, stdout } = await audit('tail', '--tenant', team.slug, '-n', '2');
  expect(code).toBe(0);
  expect(stdout.trim().split('\n')).toEqual([
    expect.stringMatching(/^AT +NO +ACTION +BY +TO +CHANGES$/),
    expect.stringMatching(/ 3 +tenant\.updated +user_[0-9a-f]{32} +tenant_[0-9a-f]{32} .*"Two"/),
    expect.stringMatching(/ 4 +tenant\.updated +user_[0-9a-f]{32} +tenant_[0-9a-f]{32} .*"Three"/),
  ]);
  const json = await audit('tail', '--tenant', team.tenantUuid, '-n', '1', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({
    sequence: 4,
    action: 'tenant.updated',
    actorId: team.owner.userId,
    targetId: team.tenantId,
    changes: { name: ['Two', 'Three'] },
  });
});

test('tail -f prints new entries, and ends with 0 on SIGINT', async () => {
  const other = await createTeam(app);
  const child = spawnTenantry(
    ['audit', 'tail', '--tenant', other.slug, '-f', '--json'],
    getEnvironment(),
  );
  const lines: string[] = [];
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  for await (const chunk of child.stdout ?? []) {
    lines.push(...String(chunk).trim().split('\n'));
    if (lines.length === 1) {
      await manage(other.owner.ask, 'updateTenant', { tenantId: other.tenantId, name: 'Followed' });
    } else break;
  }
  child.kill('SIGINT');
  expect(await ended).toBe(0);
  expect(lines.map((line) => JSON.parse(line).action)).toEqual([
    'tenant.created',
    'tenant.updated',
  ]);
});

test('export writes a whole audit log, or the entries after a number', async () => {
  const file = path.join(folder, 'audit-log.ndjson');
  expect(await audit('export', '--tenant', team.slug, '--output', file)).toMatchObject({
    code: 0,
    stdout: '',
    stderr: 'Wrote 4 entries.\n',
  });
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).sequence)).toEqual([1, 2, 3, 4]);
  const rest = await audit('export', '--tenant', team.slug, '--after', '3');
  expect(rest.stdout).toBe(`${lines[3]}\n`);
});

test.each([
  [1, ['export', '--tenant', 'no-such-tenant'], /There is no tenant "no-such-tenant"/],
  [2, ['export', '--tenant', 'x', '--after', '-1'], /--after must be a whole number/],
  [2, ['tail'], /required option '--tenant <slug>'/],
  [2, ['verify', '--all', '--tenant', 'x'], /either --tenant or --all/],
])('an invalid call ends with %i and the reason: %j', async (expected, args, reason) => {
  const { code, stdout, stderr } = await audit(...args);
  expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
  expect(stderr).toMatch(reason);
});

test('verify checks all chains, or one', async () => {
  const all = await audit('verify', '--all');
  expect(all).toMatchObject({ code: 0, stderr: '' });
  expect(all.stdout).toMatch(/^\d+ chains? with \d+ entries: all as they were written\.\n$/);
  const { code, found } = await verify('--tenant', team.slug);
  expect({ code, found }).toEqual({
    code: 0,
    found: { chains: 1, events: 4, redacted: 0, faults: [] },
  });
});

/** Runs `work` while the chain is tampered with, and restores it. */
async function whileTampered(sql: string, work: () => Promise<void>) {
  const chain = [team.tenantUuid];
  await app.owner.query(
    `create table kept as select * from audit_events where chain_id = '${team.tenantUuid}'`,
  );
  const { rows } = await app.owner.query('select * from audit_heads where chain_id = $1', chain);
  for (const statement of sql.split(';')) {
    await app.owner.query(statement.replace('$chain', `'${team.tenantUuid}'`));
  }
  await work();
  await app.owner.query('delete from audit_events where chain_id = $1', chain);
  await app.owner.query('insert into audit_events select * from kept');
  await app.owner.query('delete from audit_heads where chain_id = $1', chain);
  await app.owner.query('insert into audit_heads values ($1, $2, $3)', Object.values(rows[0]));
  await app.owner.query('drop table kept');
}

test('verify names the first broken entry or a missing end, and ends with 1', async () => {
  await whileTampered(
    `update audit_events set changes = '{}' where chain_id = $chain and sequence = 3`,
    async () => {
      const { code, stdout, stderr } = await audit('verify', '--tenant', team.slug);
      expect(code).toBe(1);
      expect(stderr).toContain(`The first broken entry is number 3 of ${team.slug}.`);
      expect(stdout).toContain('does not say what it said');
    },
  );
  await whileTampered(
    'delete from audit_events where chain_id = $chain and sequence > 2',
    async () => {
      const { code, found } = await verify();
      expect({ code, faults: found.faults }).toEqual({
        code: 1,
        faults: [
          {
            chain: team.tenantUuid,
            name: team.slug,
            sequence: 3,
            fault: 'the end of the chain is missing',
          },
        ],
      });
    },
  );
});

test('verify against signed heads detects a truncation that includes the head', async () => {
  const file = path.join(folder, 'heads.json');
  expect((await verify('--write-heads', file)).code).toBe(0);
  await rename('Later than the heads');
  expect((await verify('--against', file)).code).toBe(0);
  // As saved by an editor on Windows.
  await writeFile(file, `\ufeff${(await readFile(file, 'utf8')).replaceAll('\n', '\r\n')}`);
  expect((await verify('--against', file)).code).toBe(0);
  const cut = `delete from audit_events where chain_id = $chain and sequence > 2;
    update audit_heads h set sequence = 2, hash = (select e.hash from audit_events e
      where e.chain_id = h.chain_id and e.sequence = 2) where chain_id = $chain`;
  await whileTampered(cut, async () => {
    expect((await verify()).code).toBe(0);
    const { code, found } = await verify('--against', file);
    expect(code).toBe(1);
    expect(found.faults).toMatchObject([
      { chain: team.tenantUuid, sequence: 4, fault: expect.stringContaining('cut off') },
    ]);
  });
});

test('verify rejects heads that were changed or not signed', async () => {
  const file = path.join(folder, 'forged.json');
  await verify('--tenant', team.slug, '--write-heads', file);
  const text = await readFile(file, 'utf8');
  const forged = [text.replace(/,\d+,"/, ',1,"'), text.replace(/"mac":"../, '"mac":"00'), '{}'];
  for (const [index, content] of forged.entries()) {
    await writeFile(file, content);
    const { code, stderr, found } = await verify('--against', file);
    expect({ code, found }).toEqual({ code: 1, found: null });
    expect(stderr).toMatch(index === 2 ? /is not a list of heads/ : /was not signed/);
  }
});
