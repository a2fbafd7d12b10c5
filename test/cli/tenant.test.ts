import { afterAll, beforeAll, expect, test } from 'vitest';
import { countRows, findChainViolation } from '../support/life-cycle.ts';
import { createPerson, createTeam, type Team } from '../support/people.ts';
import {
  listOperatorEvents,
  type OperatedApp,
  rejection,
  startOperatedApp,
} from './operator-fixture.ts';

let app: OperatedApp;
beforeAll(async () => {
  app = await startOperatedApp();
});
afterAll(() => app.close());

const seesTenant = async ({ owner, tenantId }: Team) => {
  const { data } = await owner.ask('query ($id: ID!) { tenant(id: $id) { status memberCount } }', {
    variables: { id: tenantId },
  });
  return data?.tenant ?? null;
};

test('a tenant is created for an existing user, who becomes its owner', async () => {
  const mary = await createPerson(app);
  const args = ['tenant', 'create', '--name', 'Jackson Labs', '--owner', mary.email];
  const created = await app.runJson(...args);
  expect(created).toMatchObject({ slug: 'jackson-labs', name: 'Jackson Labs', status: 'ACTIVE' });
  const { data } = await mary.ask(
    `{ tenant(slug: "jackson-labs") { id owners { id } viewerPermissions } }`,
  );
  expect(data.tenant).toMatchObject({ id: created.id, owners: [{ id: mary.userId }] });
  expect(data.tenant.viewerPermissions).toContain('tenant:own');
  const [{ id: chainId }] = (
    await app.owner.query(`select id from tenants where slug = 'jackson-labs'`)
  ).rows;
  expect(await listOperatorEvents(app, chainId)).toEqual([
    {
      action: 'tenant.created',
      changes: { slug: [null, 'jackson-labs'], name: [null, 'Jackson Labs'] },
    },
  ]);
  const second = await app.runJson(...args);
  expect(second.slug).toMatch(/^jackson-labs-[b-z2-9]{6}$/);
});

test('a tenant with invalid options is not created, and the error names the option', async () => {
  const { email, userUuid } = await createPerson(app);
  const team = await createTeam(app);
  const before = await countRows(app, 'tenants');
  const create = (slug: string, owner = email) =>
    app.run('tenant', 'create', '--name', 'Labs', '--slug', slug, '--owner', owner);
  expect(await create('X')).toEqual(rejection(1, '--slug must have 3 to 50 characters.'));
  expect(await create(team.slug)).toEqual(
    rejection(1, '--slug: This slug is taken; please choose another.'),
  );
  expect(await create('labs', 'mary')).toEqual(rejection(1, '--owner must contain exactly one @.'));
  expect(await create('labs', 'x@gone.example')).toEqual(
    rejection(1, 'There is no user "x@gone.example".'),
  );
  await app.owner.query(`update users set status = 'suspended' where id = $1`, [userUuid]);
  expect(await create('labs')).toEqual(
    rejection(1, '--owner: A suspended user cannot own a new tenant.'),
  );
  expect(await countRows(app, 'tenants')).toBe(before);
});

test('each status change of a tenant is recorded in the audit log without an actor', async () => {
  const team = await createTeam(app);
  expect(await app.run('tenant', 'suspend', team.slug)).toEqual({
    code: 0,
    stdout: `${team.slug} is suspended.\n`,
    stderr: '',
  });
  expect(await seesTenant(team)).toBeNull();
  // By its id as well.
  expect(await app.runJson('tenant', 'resume', team.tenantId)).toMatchObject({ status: 'ACTIVE' });
  expect(await seesTenant(team)).toEqual({ status: 'ACTIVE', memberCount: 1 });
  const deleted = await app.runJson('tenant', 'delete', team.slug, '--confirm-slug', team.slug);
  expect(deleted).toMatchObject({ id: team.tenantId, status: 'PENDING_DELETION' });
  const days = (Date.parse(deleted.deletionAt) - Date.now()) / 86_400_000;
  expect(Math.round(days)).toBe(30);
  const [listed] = await app.runLines('tenant', 'list', '--status', 'pending_deletion');
  expect(listed).toEqual(deleted);
  expect(await app.runJson('tenant', 'restore', team.slug)).toMatchObject({ status: 'ACTIVE' });
  const events = await listOperatorEvents(app, team.tenantUuid);
  expect(events.map(({ action }) => action)).toEqual([
    'tenant.suspended',
    'tenant.resumed',
    'tenant.deletion_scheduled',
    'tenant.restored',
  ]);
  expect(await findChainViolation(app, team.tenantUuid)).toBeNull();
});

test('a tenant is not deleted without a confirmation or with a wrong slug', async () => {
  const team = await createTeam(app);
  expect(await app.run('tenant', 'delete', team.slug)).toEqual(
    rejection(2, 'There is no terminal to confirm this at: give --confirm-slug <slug> or --yes.'),
  );
  expect(await app.run('tenant', 'delete', team.slug, '--confirm-slug', 'acme')).toEqual(
    rejection(1, '--confirm-slug is not the slug of this tenant.'),
  );
  expect(await app.run('tenant', 'delete', 'no-such-tenant', '--yes')).toEqual(
    rejection(1, 'There is no tenant "no-such-tenant".'),
  );
  expect(await app.run('tenant', 'resume', `tenant_${'0'.repeat(32)}`)).toMatchObject({ code: 1 });
  expect(await seesTenant(team)).toMatchObject({ status: 'ACTIVE' });
  expect(await listOperatorEvents(app, team.tenantUuid)).toEqual([]);
});

test('a tenant pending deletion cannot be suspended', async () => {
  const team = await createTeam(app);
  expect((await app.run('tenant', 'delete', team.slug, '--yes')).code).toBe(0);
  expect(await app.run('tenant', 'suspend', team.slug)).toEqual(
    rejection(1, 'Only an active tenant can be suspended; this one is pending deletion.'),
  );
});

test('a list covers all pages, applies its filters, and has the fields of the API', async () => {
  await app.owner.query(
    `insert into tenants (slug, name) select 'heron-' || n, 'Heron ' || n from generate_series(1, 230) n`,
  );
  const all = await app.runLines('tenant', 'list', '--search', 'heron');
  expect(new Set(all.map(({ slug }) => slug)).size).toBe(230);
  expect(Object.keys(all[0])).toEqual([
    'id',
    'slug',
    'name',
    'status',
    'memberCount',
    'metadata',
    'createdAt',
    'deletionAt',
  ]);
  const { code, stdout } = await app.run('tenant', 'list', '--limit', '120');
  const [titles = '', ...rows] = stdout.trimEnd().split('\n');
  expect({ code, rows: rows.length }).toEqual({ code: 0, rows: 120 });
  expect(titles).toMatch(/^SLUG +NAME +STATUS +MEMBERS +CREATED +ID$/);
  // No colours, and every column is aligned with its title.
  expect(stdout).not.toContain('\u001b');
  const idAt = titles.indexOf('ID');
  expect(rows.every((row) => row.indexOf('tenant_') === idAt)).toBe(true);
  expect(rows[0]).toMatch(/ \d{4}-\d\d-\d\d \d\d:\d\d UTC /);
});

test('an empty list prints nothing on standard output, and a note on standard error', async () => {
  const args = ['tenant', 'list', '--search', 'no such tenant anywhere'];
  expect(await app.run(...args)).toEqual({ code: 0, stdout: '', stderr: 'No tenants.\n' });
  expect(await app.run('tenant', 'list', '--search', 'ab')).toEqual(
    rejection(1, '--search needs at least 3 characters.'),
  );
});

test('tenant show prints the same fields as the API', async () => {
  const { slug, tenantId, owner } = await createTeam(app);
  const { data } = await owner.ask(
    `query ($id: ID!) { tenant(id: $id) { id slug name status memberCount metadata createdAt deletionAt
       owners { id email name } limits { members apiKeys customRoles }
       usage { members customRoles sessions }
       settings { sessionIdleTimeoutSeconds sessionAbsoluteTimeoutSeconds defaultRoleKey
         allowedEmailDomains } } }`,
    { variables: { id: tenantId } },
  );
  expect(await app.runJson('tenant', 'show', slug)).toEqual(data.tenant);
  const { stdout } = await app.run('tenant', 'show', slug);
  expect(stdout).toMatch(new RegExp(`^Slug +${slug}\n`));
  expect(stdout).toContain(owner.email);
});
