import type { TestApp } from './app.ts';
import type { Ask } from './cast.ts';
import { codeOf, type Outcome, pathOf } from './mutate.ts';
import type { Team } from './people.ts';

const tenant = 'tenant { id status deletionAt viewerPermissions }';

/** Mutations that manage tenants and users: the input type and the fields read on success. */
const mutations = {
  suspendTenant: ['TenantIdInput', tenant],
  resumeTenant: ['TenantIdInput', tenant],
  deleteTenant: ['DeleteTenantInput', tenant],
  restoreTenant: ['TenantIdInput', tenant],
  updateTenant: ['UpdateTenantInput', 'tenant { id name }'],
  updateTenantLimits: ['UpdateTenantLimitsInput', 'limits { members apiKeys customRoles }'],
  transferOwnership: ['TransferOwnershipInput', 'membership { user { id } roles { key } }'],
  createRole: ['CreateRoleInput', 'role { id key }'],
  deleteRole: ['RoleIdInput', 'deletedRoleId'],
  suspendUser: ['UserIdInput', 'user { id status }'],
  reinstateUser: ['UserIdInput', 'user { id status }'],
  eraseUser: ['UserIdInput', 'erasedUserId'],
  exportUserData: ['UserIdInput', 'data'],
  cleanupExpiredData: [null, 'sessions signInBudgets tenants isComplete'],
} as const;

/** An outcome with the message for users. */
export type OutcomeWithMessage = Outcome & { message: string | null };

/** Sends one of these mutations. Returns a top-level error like one of the union. */
export async function manage(
  ask: Ask,
  name: keyof typeof mutations,
  input: object = {},
): Promise<OutcomeWithMessage> {
  const [inputType, fields] = mutations[name];
  const success = `${name.charAt(0).toUpperCase()}${name.slice(1)}Success`;
  const { data, errors } = await ask(
    `mutation ${inputType ? `($input: ${inputType}!)` : ''} {
      ${name}${inputType ? '(input: $input)' : ''} {
        ... on ${success} { ${fields} } ... on Error { code path message } } }`,
    inputType ? { variables: { input } } : {},
  );
  if (errors) {
    return { code: codeOf({ errors }), path: pathOf({ errors }), message: null, value: null };
  }
  const { code = null, path = null, message = null, ...value } = data[name];
  return { code, path, message, value };
}

/** The input of deleteTenant. */
export function deletionOf({ tenantId, slug }: Team) {
  return { tenantId, confirmSlug: slug };
}

/** The rows of the audit log of a tenant or user. */
export async function readAuditLog(app: TestApp, chainId: string) {
  const { rows } = await app.owner.query<{
    action: string;
    actor: string;
    target: string;
    changes: Record<string, unknown>;
  }>(
    `select action, actor_id as actor, target_id as target, changes from audit_events
     where chain_id = $1 order by sequence`,
    [chainId],
  );
  return rows;
}

/** The first violation of an audit chain, or null if every row is as it was written. */
export async function findChainViolation(app: TestApp, chainId: string): Promise<string | null> {
  const { rows } = await app.owner.query('select fault from verify_audit_chain($1)', [chainId]);
  return rows[0]?.fault ?? null;
}

/** Ends the grace period in which a tenant can be restored. */
export async function makeDue(app: TestApp, { tenantUuid }: Team): Promise<void> {
  await app.owner.query(
    `update tenants set deletion_at = now() - interval '1 second' where id = $1`,
    [tenantUuid],
  );
}

/** The number of rows of a table, perhaps with a condition. */
export async function countRows(app: TestApp, from: string, ...values: unknown[]) {
  const { rows } = await app.owner.query<{ count: number }>(
    `select count(*)::int as count from ${from}`,
    values,
  );
  return rows[0]?.count ?? 0;
}
