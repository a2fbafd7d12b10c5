import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createMemberWith,
  createProgram,
  isKeyValid,
  listOwnPermissions,
  type Program,
  sendKey,
} from '../support/api-keys.ts';
import { type Cast, createCast } from '../support/cast.ts';
import { openSession, send } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { manage, readAuditLog } from '../support/life-cycle.ts';
import { codeOf, mutate, readRows, updateMembership } from '../support/mutate.ts';
import { createMember, createTeam, toUuid } from '../support/people.ts';

// What an API key may do, what it may not, and that it is never its creator.

const app = describeApp();
let cast: Cast;
beforeAll(async () => {
  cast = await createCast(app);
});

/** All that a key can have: it was made by an owner. */
const everything = [
  ...['tenant:read', 'tenant:update', 'members:read', 'members:update', 'members:remove'],
  ...['roles:read', 'roles:manage', 'sessions:read', 'sessions:revoke', 'sessions:verify'],
  ...['audit:read', 'api-keys:read', 'api-keys:manage', 'api-keys:verify'],
];

let program: Program;
beforeEach(async () => {
  program = await createProgram(app, cast.owner, cast.team, ...everything);
});

describe('a key in its tenant', () => {
  test('is who is asking, and no person', async () => {
    const { data } = await program.ask(`{ viewer { isPlatformAdmin user { id } session { id }
      apiKey { id name tenant { id } effectivePermissions createdBy { id } }
      memberships { edges { node { id } } } sessions { edges { node { id } } } } }`);
    expect(data.viewer).toEqual({
      isPlatformAdmin: false,
      user: null,
      session: null,
      apiKey: {
        id: program.id,
        name: 'deploy',
        tenant: { id: cast.team.tenantId },
        effectivePermissions: [...everything].sort(),
        createdBy: { id: cast.owner.userId },
      },
      memberships: { edges: [] },
      sessions: { edges: [] },
    });
    const person = await cast.owner.ask('{ viewer { apiKey { id } user { id } } }');
    expect(person.data.viewer).toEqual({ apiKey: null, user: { id: cast.owner.userId } });
  });

  test('reads what its permissions let it read', async () => {
    const { data, errors } = await program.ask(
      `query ($id: ID!) { tenant(id: $id) { name memberCount viewerMembership { id }
        owners { email } roles { key } settings { defaultRoleKey } usage { apiKeys }
        memberships(first: 3) { edges { node { user { email } roles { key } } } }
        sessions(first: 3) { edges { node { user { email } } } }
        auditEvents(first: 3) { edges { node { action } } } apiKeys(first: 3) { edges { node { id } } } } }`,
      { variables: { id: cast.team.tenantId } },
    );
    expect(errors).toBeUndefined();
    expect(data.tenant.viewerMembership).toBeNull();
    expect(data.tenant.memberships.edges).toHaveLength(3);
    expect(data.tenant.apiKeys.edges[0].node.id).toBe(program.id);
  });

  test('reads nothing that they do not, though its creator may', async () => {
    const blind = await createProgram(app, cast.owner, cast.team, 'tenant:read');
    const { tenantId } = cast.team;
    for (const field of ['memberships', 'sessions', 'auditEvents', 'apiKeys'] as const) {
      const answer = await blind.ask(
        `query ($id: ID!) { tenant(id: $id) { ${field} { edges { cursor } } } }`,
        { variables: { id: tenantId } },
      );
      expect(codeOf(answer), field).toBe('FORBIDDEN');
    }
    const ids = [cast.member.userId, cast.member.membershipId, cast.owner.userId];
    const { data } = await blind.ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      variables: { ids },
    });
    expect(data.nodes).toEqual([null, null, null]);
    expect(await listOwnPermissions(blind.ask, tenantId)).toEqual(['tenant:read']);
  });

  test('changes the tenant, its roles and its members, and is the actor in the audit log', async () => {
    const { tenantId, tenantUuid } = cast.team;
    const member = await createMember(app, cast.team, 'member');
    const { membershipId } = member;
    const role = { tenantId, key: 'bot', name: 'Bot', permissions: ['tenant:read'] };
    const outcomes = [
      await mutate(program.ask, 'updateTenant', { tenantId, metadata: { by: 'bot' } }),
      await manage(program.ask, 'createRole', role),
      await updateMembership(program.ask, membershipId, { roleKeys: ['bot'] }),
      await mutate(program.ask, 'removeMember', { membershipId }),
    ];
    expect(outcomes.map(({ code }) => code)).toEqual([null, null, null, null]);
    const { rows } = await app.owner.query(
      `select action, actor_type, actor_id from audit_events where chain_id = $1
       order by sequence desc limit 4`,
      [tenantUuid],
    );
    const actor = { actor_type: 'ApiKey', actor_id: toUuid(program.id) };
    expect(rows.reverse()).toEqual([
      { action: 'tenant.updated', ...actor },
      { action: 'role.created', ...actor },
      { action: 'membership.updated', ...actor },
      { action: 'membership.removed', ...actor },
    ]);
    const { data } = await cast.as.admin(
      `query ($id: ID!, $who: ID!) { tenant(id: $id) { auditEvents(first: 1, where: { actorId: $who }) {
        edges { node { action actorId actor { id ... on ApiKey { name } } } } } } }`,
      { variables: { id: tenantId, who: program.id } },
    );
    expect(data.tenant.auditEvents.edges[0].node).toEqual({
      action: 'membership.removed',
      actorId: program.id,
      actor: { id: program.id, name: 'deploy' },
    });
    await manage(cast.as.owner, 'deleteRole', { roleId: outcomes[1]?.value.role.id });
  });

  test('is no owner though an owner made it: neither makes owners nor changes them', async () => {
    const { membershipId } = cast.member;
    const promoted = await updateMembership(program.ask, membershipId, { roleKeys: ['owner'] });
    expect(promoted.code).toBe('FORBIDDEN');
    const rival = await createMember(app, cast.team, 'owner');
    const removed = await mutate(program.ask, 'removeMember', { membershipId: rival.membershipId });
    expect(removed.code).toBe('FORBIDDEN');
    await mutate(cast.as.owner, 'removeMember', { membershipId: rival.membershipId });
  });

  test('gives no role more than it has itself, though its creator could', async () => {
    const narrow = await createProgram(app, cast.owner, cast.team, 'roles:manage', 'tenant:read');
    const { tenantId } = cast.team;
    const role = { tenantId, key: 'wide', name: 'Wide', permissions: ['members:remove'] };
    expect((await manage(narrow.ask, 'createRole', role)).code).toBe('FORBIDDEN');
  });

  test('ends the sessions that are bound to the tenant, and no others of its creator', async () => {
    const bound = await openSession(app, cast.member, cast.team.slug);
    expect((await send(program.ask, 'revokeSession', { sessionId: bound.id })).code).toBeNull();
    const again = await openSession(app, cast.member, cast.team.slug);
    const input = { userId: cast.member.userId, tenantId: cast.team.tenantId };
    expect(await send(program.ask, 'revokeSessions', input)).toMatchObject({
      code: null,
      value: { revokedCount: 1 },
    });
    expect((await again.ask('{ viewer { isPlatformAdmin } }')).data.viewer).toBeNull();
    const own = await openSession(app, cast.owner);
    expect((await send(program.ask, 'revokeSession', { sessionId: own.id })).code).toBe(
      'NOT_FOUND',
    );
    expect((await send(program.ask, 'revokeSessions')).code).toBe('FORBIDDEN');
    const ofCreator = await send(program.ask, 'revokeSessions', { userId: cast.owner.userId });
    expect(ofCreator.code).toBe('FORBIDDEN');
    expect((await own.ask('{ viewer { isPlatformAdmin } }')).data.viewer).not.toBeNull();
  });

  test('verifies sessions with the permission, and not without', async () => {
    const verify = (asker: Program) =>
      asker.ask('query ($token: String!) { verifySession(token: $token) { valid user { id } } }', {
        variables: { token: cast.member.token },
      });
    const { data } = await verify(program);
    expect(data.verifySession).toEqual({ valid: true, user: { id: cast.member.userId } });
    const blind = await createProgram(app, cast.owner, cast.team, 'tenant:read');
    expect(codeOf(await verify(blind))).toBe('FORBIDDEN');
  });

  test('is told about itself when it checks permissions, and about others if it may see them', async () => {
    const admin = await createMember(app, cast.team, 'admin');
    const key = await createProgram(app, admin, cast.team, 'tenant:read', 'members:update');
    const { tenantId } = cast.team;
    await updateMembership(cast.as.owner, admin.membershipId, { roleKeys: ['member'] });
    const check = async (asker: Program, ...checks: object[]) => {
      const { data } = await asker.ask(
        'query ($checks: [PermissionCheckInput!]!) { checkPermissions(checks: $checks) { allowed reason } }',
        { variables: { checks } },
      );
      return data.checkPermissions;
    };
    expect(
      await check(
        key,
        { tenantId, permission: 'tenant:read' },
        { tenantId, permission: 'members:update' },
        { tenantId, permission: 'audit:read' },
        { tenantId: cast.otherTeam.tenantId, permission: 'tenant:read' },
        { tenantId, permission: 'tenant:read', userId: cast.member.userId },
      ),
    ).toEqual([
      { allowed: true, reason: 'API key "deploy" → its creator → tenant:read' },
      { allowed: false, reason: 'API key "deploy" → its creator lacks members:update' },
      { allowed: false, reason: 'API key "deploy" → it lacks audit:read' },
      { allowed: false, reason: 'the API key is for another tenant' },
      { allowed: false, reason: 'no active membership in this tenant' },
    ]);
    const ofMember = { tenantId, permission: 'tenant:read', userId: cast.member.userId };
    expect(await check(program, ofMember)).toEqual([
      { allowed: true, reason: 'membership → role "member" → tenant:read' },
    ]);
  });

  test('ends itself, and is nobody for the rest of the operation', async () => {
    const blind = await createProgram(app, cast.owner, cast.team, 'tenant:read');
    const { data, errors } = await blind.ask(
      `mutation ($key: ApiKeyIdInput!, $tenant: UpdateTenantInput!) {
        revokeApiKey(input: $key) { ... on RevokeApiKeySuccess {
          apiKey { revokedAt effectivePermissions tenant { id } createdBy { id } } } }
        updateTenant(input: $tenant) { __typename } }`,
      { variables: { key: { apiKeyId: blind.id }, tenant: { tenantId: cast.team.tenantId } } },
    );
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED']);
    expect(data).toBeNull();
    expect(await isKeyValid(blind)).toBe(false);
    const [entry] = (await readAuditLog(app, cast.team.tenantUuid)).slice(-1);
    const id = toUuid(blind.id);
    expect(entry).toMatchObject({ action: 'api_key.revoked', actor: id, target: id });
    const alone = await createProgram(app, cast.owner, cast.team, 'tenant:read');
    const { code, value } = await sendKey(alone.ask, 'revokeApiKey', { apiKeyId: alone.id });
    expect(code).toBeNull();
    expect(value.apiKey).toMatchObject({
      tenant: { id: cast.team.tenantId },
      effectivePermissions: [],
      createdBy: null,
    });
  });

  test('ends another key only with the permission', async () => {
    const blind = await createProgram(app, cast.owner, cast.team, 'tenant:read');
    const refused = await sendKey(blind.ask, 'revokeApiKey', { apiKeyId: program.id });
    expect(refused.code).toBe('FORBIDDEN');
    expect((await sendKey(program.ask, 'revokeApiKey', { apiKeyId: blind.id })).code).toBeNull();
  });
});

describe('a key is refused, with nothing changed', () => {
  const refused: [name: string, input: (cast: Cast) => object | null][] = [
    ['createApiKey', ({ team }) => ({ tenantId: team.tenantId, name: 'x', permissions: [] })],
    ['rotateApiKey', () => ({ apiKeyId: program.id })],
    ['signUp', () => ({ email: 'bot@people.example', password: 'a long enough secret of bots' })],
    ['signIn', ({ owner: { email, password } }) => ({ email, password })],
    ['switchTenant', ({ team }) => ({ tenantId: team.tenantId })],
    ['signOut', () => null],
    [
      'changePassword',
      ({ owner }) => ({ currentPassword: owner.password, newPassword: 'another secret of nobody' }),
    ],
    ['updateProfile', () => ({ name: 'Bot' })],
    ['createTenant', () => ({ name: 'Bots' })],
    ['deleteTenant', ({ team }) => ({ tenantId: team.tenantId, confirmSlug: team.slug })],
    ['restoreTenant', ({ team }) => ({ tenantId: team.tenantId })],
    ['leaveTenant', ({ team }) => ({ tenantId: team.tenantId })],
    [
      'transferOwnership',
      ({ team, member }) => ({ tenantId: team.tenantId, toUserId: member.userId }),
    ],
    ['suspendTenant', ({ team }) => ({ tenantId: team.tenantId })],
    ['resumeTenant', ({ team }) => ({ tenantId: team.tenantId })],
    ['updateTenantLimits', ({ team }) => ({ tenantId: team.tenantId, apiKeys: 9 })],
    ['suspendUser', ({ member }) => ({ userId: member.userId })],
    ['reinstateUser', ({ member }) => ({ userId: member.userId })],
    ['eraseUser', ({ owner }) => ({ userId: owner.userId })],
    ['cleanupExpiredData', () => null],
  ];

  test.each(refused)('%s', async (name, input) => {
    const before = await readRows(app);
    const given = input(cast);
    const type = await findInputType(name);
    const { data, errors } = await program.ask(
      `mutation ${given ? `($input: ${type}!)` : ''} { ${name}${given ? '(input: $input)' : ''} {
        ... on Error { code } } }`,
      given ? { variables: { input: given } } : {},
    );
    expect(errors?.[0]?.extensions.code ?? data[name].code).toBe('FORBIDDEN');
    expect(await readRows(app)).toEqual(before);
    expect(await isKeyValid(program)).toBe(true);
  });

  test('though a platform administrator made it', async () => {
    const admin = await createMemberWith(app, cast.team, ...everything);
    await app.owner.query('update users set is_platform_admin = true where id = $1', [
      admin.userUuid,
    ]);
    const key = await createProgram(app, admin, cast.team, ...everything);
    for (const query of ['{ tenants { edges { cursor } } }', '{ users { edges { cursor } } }']) {
      expect(codeOf(await key.ask(query))).toBe('FORBIDDEN');
    }
    const other = await createTeam(app);
    expect(await listOwnPermissions(key.ask, other.tenantId)).toBeNull();
    expect(await listOwnPermissions(admin.ask, other.tenantId)).not.toBeNull();
  });
});

describe('a key outside its tenant', () => {
  test('sees nothing of another tenant of its creator, which looks like an absent one', async () => {
    const other = await createTeam(app);
    const key = await createProgram(app, other.owner, other, 'tenant:read', 'members:read');
    await app.owner.query('insert into user_tenants (tenant_id, user_id) values ($1, $2)', [
      cast.team.tenantUuid,
      other.owner.userUuid,
    ]);
    const { tenantId } = cast.team;
    expect(await listOwnPermissions(other.owner.ask, tenantId)).toEqual([]);
    expect(await listOwnPermissions(key.ask, tenantId)).toBeNull();
    expect((await mutate(key.ask, 'updateTenant', { tenantId, name: 'Taken' })).code).toBe(
      'NOT_FOUND',
    );
    const { data } = await key.ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      variables: { ids: [tenantId, cast.member.userId, cast.member.membershipId] },
    });
    expect(data.nodes).toEqual([null, null, null]);
    const memberships = await key.ask(
      'query ($id: ID!) { node(id: $id) { ... on User { memberships { edges { node { tenant { id } } } } } } }',
      { variables: { id: other.owner.userId } },
    );
    expect(memberships.data.node.memberships.edges).toEqual([
      { node: { tenant: { id: other.tenantId } } },
    ]);
  });

  test('shows nothing that is its creator’s own', async () => {
    const own = await openSession(app, cast.owner);
    const { data } = await program.ask(
      'query ($id: ID!, $user: ID!) { node(id: $id) { id } user(id: $user) { id } }',
      { variables: { id: own.id, user: cast.owner.userId } },
    );
    expect(data).toEqual({ node: null, user: null });
    const sessions = await program.ask(
      'query ($id: ID!) { node(id: $id) { ... on User { sessions { edges { cursor } } } } }',
      { variables: { id: cast.owner.userId } },
    );
    expect(codeOf(sessions)).toBe('FORBIDDEN');
  });
});

/** The name of the input type that a mutation takes. */
async function findInputType(mutation: string): Promise<string | null> {
  const { data } = await app.ask(
    '{ __schema { mutationType { fields { name args { type { ofType { name } } } } } } }',
  );
  const fields: { name: string; args: { type: { ofType: { name: string } } }[] }[] =
    data.__schema.mutationType.fields;
  return fields.find(({ name }) => name === mutation)?.args[0]?.type.ofType.name ?? null;
}
