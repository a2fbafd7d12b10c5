import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type BareApp, startBareApp } from '../support/bare-app.ts';
import { createCsv, createPhcHash } from '../support/import-rows.ts';
import { runTenantry, signalOnce, spawnTenantry } from './fixture.ts';

let app: BareApp;
let folder: string;
beforeAll(async () => {
  app = await startBareApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tenantry-import-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (name: string) => path.join(folder, name);
const run = (args: string[], input = '') =>
  runTenantry(['user', 'import', ...args], { DATABASE_URL: app.ownerUrl }, input);

async function countImported(): Promise<{ users: number; passwords: number }> {
  const { rows } = await app.asOwner(
    `select count(*)::int as users, count(c.user_id)::int as passwords
     from users u left join password_credentials c on c.user_id = u.id
     where u.email like '%@imported.example'`,
  );
  return rows[0];
}

describe('user import', () => {
  test('writes the result of each row, prints a summary, and ends with 1 if a row was rejected', async () => {
    const file = at('people.csv');
    const header = 'email,passwordHash\n';
    await writeFile(file, `${header}cli@people.example,"${createPhcHash()}"\nbad,\n`);
    const args = [file, '--results', at('results.ndjson')];
    const { code, stdout, stderr } = await run([...args, '--json']);
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 1,
      rows: 2,
      created: 1,
      invalid: 1,
      isDryRun: false,
    });
    expect(stderr).toMatch(/error: rejected 1 of 2 rows; see \S+results\.ndjson\.\n$/);
    const lines = (await readFile(at('results.ndjson'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { row: 1, email: 'cli@people.example', outcome: 'created', field: null, reason: null },
      {
        row: 2,
        email: 'bad',
        outcome: 'invalid',
        field: 'email',
        reason: '"email" must contain exactly one @.',
      },
    ]);
    await writeFile(file, `${header}cli@people.example,\n`);
    const again = await run(args);
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Of 1 row: 0 created, 0 updated, 1 skipped, 0 rejected, in /),
    });
  });

  test('reads standard input, and stores nothing in a dry run', async () => {
    const args = ['-', '--format', 'ndjson', '--dry-run'];
    const { code, stdout } = await run(args, '{"email":"piped@people.example"}\n');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^Nothing was stored\. Of 1 row: 1 created, /),
    });
    const { rows } = await app.asOwner(`select from users where email = 'piped@people.example'`);
    expect(rows).toEqual([]);
  });

  test.each([
    [['people.txt'], 2, /Say with --format/],
    [['-'], 2, /Say with --format/],
    [['people.csv', '--format', 'xml'], 2, /Allowed choices are csv, ndjson/],
    [['/nowhere/people.csv'], 1, /\/nowhere\/people\.csv cannot be read/],
    [['/', '--format', 'csv'], 1, /\/ cannot be read/],
    [['/dev/null', '--format', 'csv', '--results', '/nowhere/results'], 1, /cannot be written/],
  ])('of %j ends with the reason', async (args, code, reason) => {
    const ended = await run(args);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(reason);
  });
});

test('an import that is killed and started again imports every row once', async () => {
  const people = 20_000;
  const file = at('people.csv');
  await writeFile(file, [...createCsv(1, people)].join(''));
  // It gets a little more than half of the rows and then waits, so it has not finished when it is killed.
  const child = spawnTenantry(['user', 'import', '-', '--format', 'csv'], {
    DATABASE_URL: app.ownerUrl,
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.write([...createCsv(1, people / 2 + 500)].join(''));
  const killed = await signalOnce(/^10,000 rows/m, 'SIGKILL', child);
  expect(killed).toMatchObject({ code: null, stdout: '' });
  expect(await countImported()).toEqual({ users: people / 2, passwords: people / 2 });
  const { code, stdout } = await run([file, '--json', '--results', at('results')]);
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({
    code: 0,
    rows: people,
    created: people / 2,
    skipped: people / 2,
    invalid: 0,
  });
  expect(await countImported()).toEqual({ users: people, passwords: people });
  const lines = (await readFile(at('results'), 'utf8')).trimEnd().split('\n');
  expect(lines).toHaveLength(people);
  const { rows } = await app.asOwner(
    `select sum((changes -> 'created' ->> 1)::int)::int as created from audit_events
     where action = 'users.imported' and (changes -> 'created' ->> 1)::int > 1`,
  );
  expect(rows).toEqual([{ created: people }]);
});
