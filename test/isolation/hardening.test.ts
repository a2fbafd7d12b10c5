import { randomUUID } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { createDatabase, type Db } from '../../src/db/database.ts';
import { DatabaseError } from '../../src/db/error-map.ts';
import { noScope } from '../../src/db/scope.ts';
import { startTestApp } from '../support/app.ts';
import { describeApp } from '../support/describe-app.ts';
import { createMember, createPerson, createTeam, toUuid } from '../support/people.ts';

const app = describeApp();

/** A proxy to the database that can be paused and resumed. */
async function createPausableProxy(url: string) {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const through = new URL(url);
  through.host = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  return {
    url: through.href,
    hold: () => sockets.forEach((socket) => void socket.pause()),
    release: () => sockets.forEach((socket) => void socket.resume()),
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const oneConnection = {
  poolSize: 1,
  acquireTimeoutMs: 2_000,
  statementTimeoutMs: 300,
  queryTimeoutMs: 400,
  connectionMaxAgeSeconds: 3_600,
};

test('a connection whose rollback was never sent is not reused after the network recovers', async () => {
  const { owner, tenantUuid } = await createTeam(app);
  const link = await createPausableProxy(app.appUrl);
  const db = createDatabase({
    url: link.url,
    ...oneConnection,
  });
  const scope = { ...noScope, userId: owner.userUuid, tenantId: tenantUuid, platform: false };
  const failed = db.transaction(scope, async (tx) => {
    await tx.$executeRaw`update tenants set name = 'half a write' where id = ${tenantUuid}::uuid`;
    link.hold();
    await tx.$queryRaw`select 1`;
  });
  await expect(failed).rejects.toThrow();
  link.release();
  const seen = await db.read(
    noScope,
    (tx) => tx.$queryRaw<{ tenant: string | null }[]>`select current_tenant_id()::text as tenant`,
  );
  expect(seen).toEqual([{ tenant: null }]);
  await db.transaction(noScope, (tx) => tx.$queryRaw`select 1`);
  const { rows } = await app.owner.query('select name from tenants where id = $1', [tenantUuid]);
  expect(rows[0].name).not.toBe('half a write');
  await db.close();
  link.close();
});

test('a transaction whose scope cannot be entered does nothing and does not affect the next one', async () => {
  const db = createDatabase({ url: app.appUrl, ...oneConnection });
  const scope = { ...noScope, userId: randomUUID() };
  await app.owner.query(`revoke execute on function enter_scope from ${app.roles.app}`);
  const work = vi.fn();
  try {
    await expect(db.transaction(scope, work)).rejects.toBeInstanceOf(DatabaseError);
  } finally {
    await app.owner.query(`grant execute on function enter_scope to ${app.roles.app}`);
  }
  expect(work).not.toHaveBeenCalled();
  const readUser = (tx: Db) => tx.$queryRaw<{ user: string }[]>`
    select current_user_id()::text as user`;
  expect(await db.transaction(scope, readUser)).toEqual([{ user: scope.userId }]);
  await db.close();
});

test('a concurrent sign-in with the old password does not survive a password change', async () => {
  for (let round = 0; round < 10; round += 1) {
    const person = await createPerson(app);
    const signIns = Array.from({ length: 4 }, () =>
      app.ask(
        `mutation ($email: String!, $password: String!) { signIn(input: { email: $email, password: $password }) {
          ... on SignInSuccess { token } } }`,
        { variables: { email: person.email, password: person.password } },
      ),
    );
    const changed = person.ask(
      `mutation ($old: String!) { changePassword(input: {
        currentPassword: $old, newPassword: "another harbour at dusk" }) { __typename } }`,
      { variables: { old: person.password } },
    );
    const answers = await Promise.all(signIns);
    expect((await changed).data.changePassword.__typename).toBe('ChangePasswordSuccess');
    for (const { data } of answers) {
      const { token } = data.signIn;
      if (token)
        expect((await app.ask('{ viewer { isPlatformAdmin } }', { token })).data.viewer).toBeNull();
    }
  }
});

test('nobody can write to the audit log of a tenant without belonging to it', async () => {
  const { tenantId, tenantUuid, owner } = await createTeam(app);
  const { owner: stranger } = await createTeam(app);
  const count = async () => {
    const { rows } = await app.owner.query(
      'select count(*)::int as count from audit_events where tenant_id = $1 or chain_id = any ($2)',
      [tenantUuid, [tenantUuid, owner.userUuid]],
    );
    return rows[0].count;
  };
  const before = await count();
  const revoke = 'mutation ($id: ID!) { revokeSessions(input: { tenantId: $id }) { __typename } }';
  await stranger.ask(revoke, { variables: { id: tenantId } });
  await stranger.ask(revoke, { variables: { id: owner.userId.replace('user_', 'tenant_') } });
  const scope = { ...noScope, userId: stranger.userUuid, tenantId: null, platform: false };
  await app.app.db.transaction(
    scope,
    (
      tx,
    ) => tx.$queryRaw`select append_audit_event(${tenantUuid}::uuid, ${owner.userUuid}::uuid, 'forged',
      'User', ${owner.userUuid}::uuid, '{}'::jsonb, null, null)::text`,
  );
  expect(await count()).toBe(before);
});

test('switching tenants does not extend the absolute lifetime of a session', async () => {
  const { owner } = await createTeam(app);
  await app.owner.query(
    `update sessions set expires_at = now() + interval '60 seconds' where user_id = $1`,
    [owner.userUuid],
  );
  const { data } = await owner.ask(
    'mutation { switchTenant(input: {}) { ... on SignInSuccess { session { expiresAt } } } }',
  );
  const remaining = new Date(data.switchTenant.session.expiresAt).getTime() - Date.now();
  expect(remaining).toBeLessThan(600_000);
});

test('the users of a suspended tenant are hidden from its members', async () => {
  const team = await createTeam(app);
  const member = await createMember(app, team, 'member');
  await app.owner.query(`update tenants set status = 'suspended' where id = $1`, [team.tenantUuid]);
  const answer = await team.owner.ask('query ($id: ID!) { node(id: $id) { id } }', {
    variables: { id: member.userId },
  });
  expect(answer).toEqual({ data: { node: null } });
});

test('a rate limited source creates no rows for invented addresses', async () => {
  const limited = await startTestApp({ SIGN_IN_SOURCE_FAILURES_MAX: '3' });
  for (let attempt = 0; attempt < 12; attempt += 1) {
    await limited.ask(
      `mutation { signIn(input: { email: "nobody-${attempt}@people.example", password: "wrong" }) { __typename } }`,
    );
  }
  const { rows } = await limited.owner.query('select count(*)::int as count from sign_in_budgets');
  expect(rows[0].count).toBe(4);
  await limited.close();
});

test('sign-ups of one source are rate limited before the password is hashed', async () => {
  const limited = await startTestApp({ SIGN_UP_SOURCE_MAX: '2' });
  const { passwords } = limited.app.runtime;
  const { hash } = passwords;
  let hashes = 0;
  passwords.hash = (password) => {
    hashes += 1;
    return hash(password);
  };
  const outcomes: string[] = [];
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const { data } = await limited.ask(
      `mutation { signUp(input: { email: "person@people.example", password: "a harbour without wind" }) { __typename } }`,
    );
    outcomes.push(data.signUp.__typename);
  }
  expect(outcomes).toEqual([
    'SignUpSuccess',
    'ConflictError',
    'RateLimitedError',
    'RateLimitedError',
  ]);
  expect(hashes).toBe(2);
  await limited.close();
});

test('a role without tenant:read sees only the name of the tenant', async () => {
  const team = await createTeam(app);
  await team.owner.ask(
    `mutation ($id: ID!) { createRole(input: { tenantId: $id, key: "verifier", name: "Verifier",
      permissions: ["sessions:verify"] }) { __typename } }`,
    { variables: { id: team.tenantId } },
  );
  const verifier = await createMember(app, team, 'verifier');
  const variables = { id: team.tenantId };
  const name = await verifier.ask('query ($id: ID!) { tenant(id: $id) { name } }', { variables });
  expect(name.data.tenant.name).toBeTruthy();
  for (const field of ['metadata', 'memberCount', 'owners { id }']) {
    const answer = await verifier.ask(`query ($id: ID!) { tenant(id: $id) { ${field} } }`, {
      variables,
    });
    expect(answer.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  }
});

test('a permission removed from a role does not return through a concurrent rename', async () => {
  const team = await createTeam(app);
  const admin = await createMember(app, team, 'admin');
  const created = await team.owner.ask(
    `mutation ($id: ID!) { createRole(input: { tenantId: $id, key: "helper", name: "Helper",
      permissions: ["members:read", "members:update"] }) { ... on CreateRoleSuccess { role { id } } } }`,
    { variables: { id: team.tenantId } },
  );
  const roleId = created.data.createRole.role.id;
  const update = (ask: typeof admin.ask, input: object) =>
    ask('mutation ($input: UpdateRoleInput!) { updateRole(input: $input) { __typename } }', {
      variables: { input: { roleId, ...input } },
    });
  for (let round = 0; round < 15; round += 1) {
    await update(team.owner.ask, { permissions: ['members:read', 'members:update'] });
    await Promise.all([
      update(team.owner.ask, { permissions: ['members:read'] }),
      update(admin.ask, { name: `Helper ${round}` }),
    ]);
    const { rows } = await app.owner.query('select permissions from roles where id = $1', [
      toUuid(roleId),
    ]);
    expect(rows[0].permissions).toEqual(['members:read']);
  }
});

test('a suspended user does not count as the owner that a tenant needs', async () => {
  const team = await createTeam(app);
  const second = await createMember(app, team, 'owner');
  await app.owner.query(`update users set status = 'suspended' where id = $1`, [second.userUuid]);
  const { data } = await team.owner.ask(
    'mutation ($id: ID!) { leaveTenant(input: { tenantId: $id }) { ... on Error { code } } }',
    { variables: { id: team.tenantId } },
  );
  expect(data.leaveTenant.code).toBe('CONFLICT');
});

test('deleteTenant returns the deleted tenant to its caller', async () => {
  const { owner, tenantId, slug } = await createTeam(app);
  const answer = await owner.ask(
    `mutation ($id: ID!, $slug: String!) { deleteTenant(input: { tenantId: $id, confirmSlug: $slug }) {
      ... on DeleteTenantSuccess { tenant { status memberCount metadata } } ... on Error { code } } }`,
    { variables: { id: tenantId, slug } },
  );
  expect(answer).toMatchObject({
    data: { deleteTenant: { tenant: { status: 'PENDING_DELETION', memberCount: 1 } } },
  });
});
