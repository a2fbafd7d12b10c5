import exec from 'k6/execution';
import { documents } from './documents.ts';
import { ask } from './graphql.ts';
import { getAccount } from './operations.ts';
import type { Account, World } from './world.ts';

const mix = [changeRoles, changeApiKeys, updateTenant, updateProfile];

/** One of the changes in turn. What is made is taken away again, so that a long run stays below the limits. */
export function mutate(world: World): void {
  const change =
    mix[Math.floor(exec.scenario.iterationInTest / world.accounts.length) % mix.length];
  change?.(getAccount(world));
}

function changeRoles({ tenantId, token }: Account): void {
  const key = `role-${exec.vu.idInTest}-${exec.scenario.iterationInTest}`;
  const input = { tenantId, key, name: key, permissions: ['members:read'] };
  const { data } = ask<{ createRole: { role: { id: string } } }>(
    { operation: 'create-role', document: documents.createRole, variables: { input }, token },
    ({ createRole: { role } }) => Boolean(role.id),
  );
  if (data === null) return;
  const variables = { input: { roleId: data.createRole.role.id } };
  ask<{ deleteRole: { deletedRoleId: string } }>(
    { operation: 'delete-role', document: documents.deleteRole, variables, token },
    ({ deleteRole: { deletedRoleId } }) => Boolean(deletedRoleId),
  );
}

function changeApiKeys({ tenantId, token }: Account): void {
  const name = `Key ${exec.scenario.iterationInTest}`;
  const input = { tenantId, name, permissions: ['members:read'] };
  const { data } = ask<{ createApiKey: { secret: string; apiKey: { id: string } } }>(
    { operation: 'create-api-key', document: documents.createApiKey, variables: { input }, token },
    ({ createApiKey: { secret } }) => Boolean(secret),
  );
  if (data === null) return;
  const variables = { input: { apiKeyId: data.createApiKey.apiKey.id } };
  ask<{ revokeApiKey: { apiKey: { id: string } } }>(
    { operation: 'revoke-api-key', document: documents.revokeApiKey, variables, token },
    ({ revokeApiKey: { apiKey } }) => Boolean(apiKey.id),
  );
}

function updateTenant({ tenantId, token }: Account): void {
  const input = { tenantId, metadata: { turn: exec.scenario.iterationInTest } };
  ask<{ updateTenant: { tenant: { id: string } } }>(
    { operation: 'update-tenant', document: documents.updateTenant, variables: { input }, token },
    ({ updateTenant: { tenant } }) => tenant.id === tenantId,
  );
}

function updateProfile({ token }: Account): void {
  const input = { name: `Turn ${exec.scenario.iterationInTest}` };
  ask<{ updateProfile: { user: { id: string } } }>(
    { operation: 'update-profile', document: documents.updateProfile, variables: { input }, token },
    ({ updateProfile: { user } }) => Boolean(user.id),
  );
}
