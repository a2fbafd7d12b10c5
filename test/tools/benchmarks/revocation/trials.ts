import type { World } from './world.ts';

/** A credential or permission, with a check of it and its revocation. */
export type Trial = {
  /** True while the process at this url accepts it. */
  probe: (url: string) => Promise<boolean>;
  /** Revokes it through the process at this url; resolves with the acknowledgement. */
  revoke: (url: string) => Promise<void>;
};

export type TrialKind = { name: string; prepare: (trial: number) => Promise<Trial> };

const permissionsQuery = 'query ($id: ID!) { tenant(id: $id) { viewerPermissions } }';
const verifyQuery = 'query ($token: String!) { verifySession(token: $token) { valid } }';

/** Everything that can be revoked, checked by its holder or by a service that verifies it. */
export function listTrials(world: World): TrialKind[] {
  const { ask, admin, owner, tenantId } = world;

  const isSignedIn = (token: string) => async (url: string) =>
    (await ask(url, '{ viewer { user { id } } }', token)).viewer !== null;

  const hasPermission = (token: string, id: string, permission: string) => async (url: string) => {
    const { tenant } = await ask(url, permissionsQuery, token, { id });
    return tenant?.viewerPermissions.includes(permission) ?? false;
  };

  const change =
    (token: string, name: string, inputType: string, input: object) => async (url: string) => {
      const { [name]: done } = await ask(
        url,
        `mutation ($input: ${inputType}!) { ${name}(input: $input) { __typename
          ... on Error { message } } }`,
        token,
        { input },
      );
      if (!done.__typename.endsWith('Success')) throw new Error(`${name}: ${done.message}`);
    };

  return [
    {
      name: 'session revoked, used by its holder',
      prepare: async () => {
        const { token, userId } = await world.createMember('member');
        return {
          probe: isSignedIn(token),
          revoke: change(admin.token, 'revokeSessions', 'RevokeSessionsInput', { userId }),
        };
      },
    },
    {
      name: 'session revoked, verified by a service',
      prepare: async () => {
        const { token, userId } = await world.createMember('member');
        return {
          probe: async (url) =>
            (await ask(url, verifyQuery, admin.token, { token })).verifySession.valid,
          revoke: change(admin.token, 'revokeSessions', 'RevokeSessionsInput', { userId }),
        };
      },
    },
    {
      name: 'API key revoked',
      prepare: async () => {
        const { id, secret } = await world.createApiKey();
        return {
          probe: async (url) =>
            (await ask(url, '{ viewer { apiKey { id } } }', secret)).viewer !== null,
          revoke: change(owner.token, 'revokeApiKey', 'ApiKeyIdInput', { apiKeyId: id }),
        };
      },
    },
    {
      name: 'user suspended',
      prepare: async () => {
        const { token, userId } = await world.createMember('member');
        return {
          probe: isSignedIn(token),
          revoke: change(admin.token, 'suspendUser', 'UserIdInput', { userId, reason: 'a trial' }),
        };
      },
    },
    {
      name: 'tenant suspended',
      prepare: async () => {
        const other = await world.createTenant();
        return {
          probe: hasPermission(other.owner.token, other.tenantId, 'tenant:read'),
          revoke: change(admin.token, 'suspendTenant', 'TenantIdInput', {
            tenantId: other.tenantId,
          }),
        };
      },
    },
    {
      name: 'role dropped',
      prepare: async () => {
        const { token, membershipId } = await world.createMember('admin');
        return {
          probe: hasPermission(token, tenantId, 'members:update'),
          revoke: change(owner.token, 'updateMembership', 'UpdateMembershipInput', {
            membershipId,
            roleKeys: ['viewer'],
          }),
        };
      },
    },
    {
      name: 'membership paused',
      prepare: async () => {
        const { token, membershipId } = await world.createMember('member');
        return {
          probe: hasPermission(token, tenantId, 'tenant:read'),
          revoke: change(owner.token, 'updateMembership', 'UpdateMembershipInput', {
            membershipId,
            isActive: false,
          }),
        };
      },
    },
    {
      name: 'membership removed',
      prepare: async () => {
        const { token, membershipId } = await world.createMember('member');
        return {
          probe: hasPermission(token, tenantId, 'tenant:read'),
          revoke: change(owner.token, 'removeMember', 'MembershipIdInput', { membershipId }),
        };
      },
    },
  ];
}
