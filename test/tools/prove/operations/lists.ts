import {
  apiKey,
  auditEvent,
  invitation,
  member,
  membership,
  page,
  session,
  text,
} from './fields.ts';
import type { SeededTenant, World } from './world.ts';

const orders = ['LAST_SIGN_IN_AT', 'JOINED_AT'].flatMap((field) =>
  ['DESC', 'ASC'].map((direction) => `orderBy: { field: ${field}, direction: ${direction} }`),
);

/** Every list of a tenant, in every order and with every filter, on the first and on later pages. */
export async function playTenantLists({ play, client }: World, tenant: SeededTenant) {
  const list = async (field: string, args: string, node: string) => {
    const { tenant: found } = await play(
      `Tenant.${field}`,
      `{ tenant(id: "${tenant.id}") { ${field}(${args}) ${page(node)} } }`,
      tenant.token,
    );
    return found[field];
  };
  for (const order of orders) {
    const { pageInfo } = await list('memberships', `first: 20, ${order}`, member);
    const { endCursor } = pageInfo;
    const next = await list('memberships', `first: 20, ${order}, after: "${endCursor}"`, member);
    const before = next.pageInfo.endCursor ?? endCursor;
    await list('memberships', `last: 20, ${order}, before: "${before}"`, member);
    await list('memberships', `first: 20, ${order}, where: { isActive: false }`, member);
    await list('memberships', `first: 20, ${order}, where: { roleKey: "admin" }`, member);
  }
  const { rows } = await client.query<{ email: string; user_id: string }>(
    `select u.email, u.id as user_id from user_tenants m join users u on u.id = m.user_id
     where m.tenant_id = $1 order by m.id desc limit 1`,
    [tenant.uuid],
  );
  const email = text(rows[0]?.email ?? '');
  await list('memberships', `first: 20, where: { email: ${email} }`, member);
  for (const [field, node] of [
    ['sessions', session],
    ['apiKeys', apiKey],
    ['invitations', invitation],
    ['auditEvents', auditEvent],
  ] as const) {
    const { pageInfo } = await list(field, 'first: 20', node);
    if (pageInfo.endCursor) await list(field, `first: 20, after: "${pageInfo.endCursor}"`, node);
  }
  await list('invitations', `last: 5`, invitation);
  const { edges } = await list('auditEvents', 'last: 5', auditEvent);
  const { cursor } = edges[0] ?? {};
  if (cursor) await list('auditEvents', `last: 5, before: "${cursor}"`, auditEvent);
  const invitations = await list('invitations', 'first: 2', invitation);
  await list('invitations', `last: 5, before: "${invitations.pageInfo.endCursor}"`, invitation);
  await playAuditFilters(list, tenant, edges[0]?.node);
}

async function playAuditFilters(
  list: (field: string, args: string, node: string) => Promise<unknown>,
  { userId }: SeededTenant,
  event: { target?: { id: string } } | undefined,
) {
  const filters = [
    'action: "membership.created"',
    `actorId: "${userId}"`,
    `targetId: "${event?.target?.id ?? userId}"`,
    'isImpersonated: true',
    `from: "${daysAgo(40)}", to: "${daysAgo(10)}"`,
  ];
  for (const filter of filters) {
    await list('auditEvents', `first: 20, where: { ${filter} }`, auditEvent);
  }
}

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

/** A user's lists, as seen by the user and by an administrator. */
export async function playOwnLists({ play, root }: World, { token, userId }: SeededTenant) {
  for (const [field, node] of [
    ['memberships', membership],
    ['sessions', session],
  ] as const) {
    const { viewer } = await play(
      `Viewer.${field}`,
      `{ viewer { ${field}(first: 1) ${page(node)} } }`,
      token,
    );
    const after = `after: "${viewer[field].pageInfo.endCursor}"`;
    await play(
      `Viewer.${field}`,
      `{ viewer { ${field}(first: 5, ${after}) ${page(node)} } }`,
      token,
    );
    const ofUser = (args: string) =>
      `{ user(id: "${userId}") { ${field}(${args}) ${page(node)} } }`;
    const { user } = await play(`User.${field}`, ofUser('first: 1'), root);
    await play(
      `User.${field}`,
      ofUser(`first: 5, after: "${user[field].pageInfo.endCursor}"`),
      root,
    );
  }
  await play('Viewer', '{ viewer { pendingInvitations { id } } }', token);
}

/** The lists of platform administrators. */
export async function playPlatformLists({ play, root, tenants: [, middle] }: World) {
  for (const [field, orderFields, node] of [
    ['tenants', ['CREATED_AT', 'SLUG'], 'id slug name owners { id email } memberCount'],
    ['users', ['CREATED_AT', 'EMAIL'], 'id email name'],
  ] as const) {
    const list = async (args: string) =>
      (await play(`Query.${field}`, `{ ${field}(${args}) ${page(node)} }`, root))[field];
    for (const orderField of orderFields) {
      for (const direction of ['ASC', 'DESC']) {
        const order = `orderBy: { field: ${orderField}, direction: ${direction} }`;
        const { pageInfo } = await list(`first: 100, ${order}`);
        await list(`first: 20, ${order}, after: "${pageInfo.endCursor}"`);
        await list(`last: 20, ${order}, before: "${pageInfo.endCursor}"`);
      }
    }
    const search = field === 'users' ? middle.email : middle.slug;
    await list(`first: 20, where: { search: ${text(search)} }`);
    await list('first: 20, where: { search: "anna" }');
    await list('first: 20, where: { search: "zzz-is-in-no-name" }');
    await list('first: 20, where: { metadata: { country: "PT", plan: "none" } }');
    await list('first: 20, where: { metadata: { department: "Sales" } }');
    await list('first: 20, where: { status: SUSPENDED }');
    await list('first: 20, where: { status: ACTIVE }');
    await play(`Query.${field} with totalCount`, `{ ${field}(first: 1) { totalCount } }`, root);
  }
}

/** The total counts of the lists. */
export async function playCounts({ play, root }: World, { id, token, userId }: SeededTenant) {
  for (const field of ['memberships', 'sessions', 'apiKeys', 'invitations', 'auditEvents']) {
    await play(
      `Tenant.${field} with totalCount`,
      `{ tenant(id: "${id}") { ${field}(first: 1) { totalCount } } }`,
      token,
    );
  }
  for (const field of ['memberships', 'sessions']) {
    const count = `${field}(first: 1) { totalCount }`;
    await play(`User.${field} with totalCount`, `{ user(id: "${userId}") { ${count} } }`, root);
    await play(`Viewer.${field} with totalCount`, `{ viewer { ${count} } }`, token);
  }
}
