import { hash as bcrypt } from '@node-rs/bcrypt';
import { describe, expect, test } from 'vitest';
import type { RowFormat } from '../../src/cli/user-import/read-rows.ts';
import { send } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { type ImportOptions, importInto, toNdjson } from '../support/import-into.ts';
import { createPhcHash } from '../support/import-rows.ts';
import { countRows, findChainViolation, manage, readAuditLog } from '../support/life-cycle.ts';
import { createPerson, createPlatformAdmin, createTeam } from '../support/people.ts';

const app = describeApp();

const importText = (format: RowFormat, text: string, options?: ImportOptions) =>
  importInto(app, { format, text }, options);
const importRows = (rows: object[], options?: ImportOptions) =>
  importText('ndjson', toNdjson(rows), options);

async function findUser(email: string) {
  const { rows } = await app.owner.query(
    `select u.*, c.password_hash from users u
     left join password_credentials c on c.user_id = u.id where u.email = $1`,
    [email],
  );
  return rows[0] ?? null;
}

describe('user import', () => {
  test('brings people in from CSV, whole, and lets them in with their old passwords', async () => {
    const password = await bcrypt('sesame, "open"', 5);
    const { summary, results } = await importText(
      'csv',
      `\ufeffemail,name,locale,avatarUrl,metadata,emailVerified,status,passwordHash,createdAt\r
Ali@CAVE.example,"Ali ""Baba"", woodcutter\u0301",fa-IR,https://cave.example/ali.png,"{""mule"":true}",true,,${password},2020-02-03T04:05:06Z\r
\r
morgiana@cave.example,,,,,,SUSPENDED,,\r
`,
    );
    expect(summary).toMatchObject({ rows: 2, created: 2, updated: 0, skipped: 0, invalid: 0 });
    expect(results).toEqual([
      { row: 1, email: 'ali@cave.example', outcome: 'created', field: null, reason: null },
      { row: 2, email: 'morgiana@cave.example', outcome: 'created', field: null, reason: null },
    ]);
    const signUpAt = new Date('2020-02-03T04:05:06Z');
    expect(await findUser('ali@cave.example')).toMatchObject({
      name: 'Ali "Baba", woodcutter\u0301',
      locale: 'fa-IR',
      avatar_url: 'https://cave.example/ali.png',
      metadata: { mule: true },
      email_verified_at: signUpAt,
      created_at: signUpAt,
      status: 'active',
      is_platform_admin: false,
    });
    expect(await findUser('morgiana@cave.example')).toMatchObject({
      name: null,
      metadata: {},
      email_verified_at: null,
      status: 'suspended',
      password_hash: null,
    });
    const signIn = (email: string, typed: string) =>
      send(app.ask, 'signIn', { email, password: typed });
    expect((await signIn('ali@cave.example', 'sesame, "open"')).code).toBeNull();
    expect((await signIn('morgiana@cave.example', 'sesame, "open"')).code).toBe('UNAUTHENTICATED');
  });

  test('lists people by when they signed up there, not by when they were imported', async () => {
    const admin = await createPlatformAdmin(app);
    await importRows([
      { email: 'late@ages.example', createdAt: '2015-06-01' },
      { email: 'early@ages.example', createdAt: '2005-06-01' },
      { email: 'today@ages.example' },
    ]);
    const { data } = await admin.ask(
      '{ users(where: { search: "ages.example" }) { edges { node { email createdAt } } } }',
    );
    const emails = data.users.edges.map(({ node }: { node: { email: string } }) => node.email);
    // The search is a fuzzy one.
    expect(emails.filter((email: string) => email.endsWith('@ages.example'))).toEqual([
      'today@ages.example',
      'late@ages.example',
      'early@ages.example',
    ]);
  });

  test('refuses each bad row with its field and reason, and takes in all others', async () => {
    const good = { email: 'good@rows.example' };
    const rows = [
      [{ email: 'no address' }, 'email'],
      [{ name: 'Nobody' }, 'email'],
      [{ ...good, email: 7 }, 'email'],
      [{ ...good, name: 'a\u0000b' }, 'name'],
      [{ ...good, name: 'x'.repeat(101) }, 'name'],
      [{ ...good, locale: 'very english' }, 'locale'],
      [{ ...good, avatarUrl: 'javascript:alert(1)' }, 'avatarUrl'],
      [{ ...good, metadata: [1] }, 'metadata'],
      [{ ...good, metadata: '{' }, 'metadata'],
      [{ ...good, metadata: { text: 'x'.repeat(16_384) } }, 'metadata'],
      [{ ...good, emailVerified: 'perhaps' }, 'emailVerified'],
      [{ ...good, status: 'ADMIN' }, 'status'],
      [{ ...good, passwordHash: 'secret in the clear' }, 'passwordHash'],
      [{ ...good, passwordHash: createPhcHash().replace('m=19456', 'm=4194304') }, 'passwordHash'],
      [{ ...good, createdAt: 'yesterday' }, 'createdAt'],
      [{ ...good, createdAt: '2999-01-01' }, 'createdAt'],
      [{ ...good, createdAt: '1969-12-31T23:59:59Z' }, 'createdAt'],
      [{ ...good, isPlatformAdmin: true }, 'isPlatformAdmin'],
      [{ ...good, tenantSlug: 'no-such-tenant' }, 'tenantSlug'],
      [{ ...good, roleKeys: ['member'] }, 'roleKeys'],
    ] as const;
    const text = rows.map(([row]) => JSON.stringify(row));
    const { summary, results } = await importText(
      'ndjson',
      [...text, 'no json', '[]', `{"email":"${'x'.repeat(140_000)}"}`, JSON.stringify(good)].join(
        '\n',
      ),
    );
    expect(results.slice(0, rows.length).map(({ field }) => field)).toEqual(
      rows.map(([, field]) => field),
    );
    expect(results.slice(rows.length)).toMatchObject([
      { field: null, reason: 'The row must be a JSON object on one line.' },
      { field: null, reason: 'The row must be a JSON object on one line.' },
      { field: null, reason: expect.stringMatching(/at most 131072 characters/) },
      { email: 'good@rows.example', outcome: 'created' },
    ]);
    for (const { outcome, reason } of results.slice(0, -1)) {
      expect([outcome, reason]).toEqual(['invalid', expect.stringMatching(/^\S.*\.$/)]);
    }
    expect(summary).toMatchObject({ created: 1, invalid: 23 });
    expect(JSON.stringify(results)).not.toContain('secret in the clear');
  });

  test('takes each address once, in whatever spelling, and the first row of a file counts', async () => {
    const { results } = await importRows([
      { email: 'twin@once.example', name: 'First' },
      { email: 'TWIN@Once.example', name: 'Second' },
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['created', 'skipped']);
    expect(await findUser('twin@once.example')).toMatchObject({ name: 'First' });
  });

  test('never touches who is there already', async () => {
    const person = await createPerson(app);
    const before = await findUser(person.email);
    const { results } = await importRows([
      {
        email: person.email,
        name: 'Somebody else',
        passwordHash: createPhcHash(),
        status: 'SUSPENDED',
        emailVerified: true,
      },
    ]);
    expect(results).toMatchObject([{ outcome: 'skipped', reason: '"email" is there already.' }]);
    expect(await findUser(person.email)).toEqual(before);
  });

  test('with an update changes the profile of who is there, and nothing that lets anybody in', async () => {
    const person = await createPerson(app);
    const before = await findUser(person.email);
    const row = {
      email: person.email,
      name: 'New name',
      metadata: { moved: true },
      passwordHash: createPhcHash(),
      status: 'SUSPENDED',
      emailVerified: true,
    };
    const first = await importRows([row], { isUpdate: true });
    const { updated_at, search_text, ...after } = await findUser(person.email);
    expect(after).toEqual({
      ...after,
      name: 'New name',
      metadata: { moved: true },
      password_hash: before.password_hash,
      status: 'active',
      email_verified_at: null,
    });
    const second = await importRows([row], { isUpdate: true });
    expect([first, second].map(({ results }) => results[0]?.outcome)).toEqual([
      'updated',
      'skipped',
    ]);
    const { email, password } = person;
    expect((await send(app.ask, 'signIn', { email, password })).code).toBeNull();
  });

  test('in a dry run says the same and stores nothing', async () => {
    const team = await createTeam(app);
    const rows = [
      { email: 'rehearsal@dry.example', tenantSlug: team.slug },
      { email: 'bad' },
      { email: team.owner.email },
    ];
    const auditLogs = await countRows(app, 'audit_events');
    const dry = await importRows(rows, { isDryRun: true });
    expect(dry.summary).toMatchObject({ created: 1, skipped: 1, invalid: 1 });
    expect(await findUser('rehearsal@dry.example')).toBeNull();
    expect(await countRows(app, 'audit_events')).toBe(auditLogs);
    const real = await importRows(rows);
    expect(real.results).toEqual(dry.results);
  });

  test('reports a run in a chain of its own, without a word about anybody', async () => {
    const { summary } = await importRows([
      { email: 'told@people.example', name: 'Told', passwordHash: createPhcHash() },
      { email: 'bad' },
    ]);
    const auditLog = await readAuditLog(app, summary.importId);
    expect(auditLog).toEqual([
      {
        action: 'users.imported',
        actor: null,
        target: null,
        changes: { created: [null, 1], updated: [null, 0] },
      },
    ]);
    expect(await findChainViolation(app, summary.importId)).toBeNull();
  });

  test('of somebody leaves nothing when that person is erased', async () => {
    const admin = await createPlatformAdmin(app);
    const email = 'vanishing@erased.example';
    await importRows([{ email, name: 'Vanishing Point', passwordHash: createPhcHash() }]);
    const { id } = await findUser(email);
    await manage(admin.ask, 'eraseUser', { userId: `user_${id.replaceAll('-', '')}` });
    const { rows: tables } = await app.owner.query(
      `select c.relname as name from pg_class c
       where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'`,
    );
    for (const { name } of tables) {
      expect([name, await countRows(app, `${name} t where t::text ilike '%vanishing%'`)]).toEqual([
        name,
        0,
      ]);
    }
  });
});

describe('a file that cannot be imported', () => {
  test.each([
    ['with an unknown column', 'email,password\na@b.example,x\n', /"password" is not known/],
    ['with a column twice', 'email,name,email\n', /"email" is there twice/],
    ['without addresses', 'name\nAda\n', /"email" is missing/],
    ['that is empty', '', /needs a line of column names/],
  ])('%s is refused before anybody is stored', async (_, text, reason) => {
    const users = await countRows(app, 'users');
    await expect(importText('csv', text)).rejects.toThrow(reason);
    expect(await countRows(app, 'users')).toBe(users);
  });

  test('says which row has too few cells, and goes on', async () => {
    const { results } = await importText(
      'csv',
      'email,name\none@cells.example\ntwo@cells.example,\n',
    );
    expect(results).toMatchObject([
      { row: 1, outcome: 'invalid', reason: 'The row must have 2 cells, and has 1.' },
      { row: 2, outcome: 'created' },
    ]);
  });

  test('says which row has a quote that does not end', async () => {
    const reason = /^Row 2 cannot be read: a quote/;
    for (const end of ['B\n', 'x'.repeat(200_000)]) {
      const text = `email,name\na@b.example,A\nb@b.example,"${end}`;
      await expect(importText('csv', text)).rejects.toThrow(reason);
    }
  });
});
