import {
  apiKey,
  auditEvent,
  error,
  member,
  role,
  session,
  tenantDetails,
  tenant as tenantFields,
  text,
  user,
} from './fields.ts';
import type { SeededTenant, World } from './world.ts';

/** Every single object of a tenant. */
export async function playObjects(world: World, tenant: SeededTenant) {
  const { play, root } = world;
  const { id, slug, token, userId, email } = tenant;
  await play('Query.tenant', `{ tenant(id: "${id}") { ${tenantFields} } }`, token);
  await play('Query.tenant', `{ tenant(slug: "${slug}") { ${tenantDetails} } }`, token);
  await play('Tenant.roles', `{ tenant(id: "${id}") { roles { ${role} } } }`, token);
  await play('Query.user', `{ user(id: "${userId}") { ${user} } }`, token);
  await play('Query.user', `{ user(email: ${text(email)}) { ${user} } }`, root);
  await play(
    'Query.viewer',
    `{ viewer { isPlatformAdmin user { ${user} } session { ${session} } apiKey { id }
      membership(tenantId: "${id}") { ${member} } } }`,
    token,
  );
  await playNodes(world, tenant);
  const check = `{ tenantId: "${id}", permission: "members:read", userId: "${userId}" }`;
  await play(
    'Query.checkPermissions',
    `{ checkPermissions(checks: [${check}, { tenantId: "${id}", permission: "roles:manage" }]) {
      allowed permission reason tenantId } }`,
    token,
  );
  await play(
    'Query.verifySession',
    `{ verifySession(token: "${token}", tenantId: "${id}") { valid permissions expiresAt
      session { id } user { id } tenant { id } } }`,
    token,
  );
}

/** One object of each kind in the tenant, by its id. */
async function playNodes({ play, client }: World, tenant: SeededTenant) {
  const { rows } = await client.query<{ kind: string; uuid: string }>(
    `(select 'member' as kind, id as uuid from user_tenants where tenant_id = $1 limit 1)
     union all (select 'role', id from roles where tenant_id = $1 limit 1)
     union all (select 'invitation', id from invitations where tenant_id = $1 limit 1)
     union all (select 'audit', id from audit_events where chain_id = $1 limit 1)
     union all (select 'session', id from sessions where tenant_id = $1 limit 1)
     union all (select 'key', id from api_keys where tenant_id = $1 limit 1)`,
    [tenant.uuid],
  );
  const ids = [tenant.id, tenant.userId];
  const hex = (uuid: string) => uuid.replaceAll('-', '');
  for (const { kind, uuid } of rows) ids.push(`${kind}_${hex(uuid)}${hex(tenant.uuid)}`);
  const fields = `__typename id ... on Tenant { slug } ... on User { email }
    ... on Membership { ${member} } ... on Role { ${role} } ... on Invitation { email status }
    ... on AuditEvent { ${auditEvent} } ... on Session { createdAt } ... on ApiKey { hint }`;
  for (const id of ids)
    await play('Query.node', `{ node(id: "${id}") { ${fields} } }`, tenant.token);
  const list = ids.map(text).join(', ');
  await play('Query.nodes', `{ nodes(ids: [${list}]) { id } }`, tenant.token);
}

/** Objects outside tenants. */
export async function playPlatformObjects({ play, root }: World) {
  await play('Query.permissions', '{ permissions { key title description isDangerous } }');
  await play(
    'Query.monitoring',
    `{ monitoring { cacheHitRatio connectionPool { size idle waiting max }
      slowQueries(first: 10, minMeanMs: 50) { query calls meanMs totalMs rows }
      tableStats { table rows bytes deadRows lastVacuum lastAnalyze }
      recommendations { severity subject advice } } }`,
    root,
  );
  await play(
    'Query.monitoring',
    `{ monitoring { indexUsage(unusedOnly: true) { index table scans bytes }
      userActivity(days: 7) { day signIns failedSignIns activeUsers newUsers }
      tenantUsage(first: 25) { members activeSessions apiKeys lastActivityAt tenant { id } } } }`,
    root,
  );
}

/** The life cycle of an API key. */
export async function playApiKeys({ play }: World, { id, token }: SeededTenant) {
  const { createApiKey } = await play(
    'createApiKey',
    `mutation { createApiKey(input: { tenantId: "${id}", name: "Proof", idempotencyKey: "${Date.now()}",
      expiresAt: "${new Date(Date.now() + 86_400_000).toISOString()}",
      permissions: ["tenant:read", "members:read", "api-keys:verify", "sessions:verify"] }) {
      ... on CreateApiKeySuccess { secret apiKey { ${apiKey} } } ${error} } }`,
    token,
  );
  const { secret, apiKey: made } = createApiKey;
  await play(
    'Query.viewer with an API key',
    '{ viewer { apiKey { id name } user { id } } }',
    secret,
  );
  await play(
    'Query.verifyApiKey',
    `{ verifyApiKey(key: "${secret}", permissions: ["tenant:read"]) { valid permissions missing
      apiKey { id } tenant { id } } }`,
    secret,
  );
  await play(
    'Query.verifySession with an API key',
    `{ verifySession(token: "${token}", tenantId: "${id}") { valid user { id } } }`,
    secret,
  );
  const { rotateApiKey } = await play(
    'rotateApiKey',
    `mutation { rotateApiKey(input: { apiKeyId: "${made.id}", overlapSeconds: 60,
      expiresAt: "${new Date(Date.now() + 86_400_000).toISOString()}",
      idempotencyKey: "${Date.now()}" }) {
      ... on RotateApiKeySuccess { secret apiKey { id } } ${error} } }`,
    token,
  );
  await play(
    'revokeApiKey',
    `mutation { revokeApiKey(input: { apiKeyId: "${rotateApiKey.apiKey.id}" }) {
      ... on RevokeApiKeySuccess { apiKey { id revokedAt } } ${error} } }`,
    token,
  );
}
