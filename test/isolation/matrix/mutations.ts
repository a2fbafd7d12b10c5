import { mintToken } from '../../../src/lib/token.ts';
import {
  type AccessRule,
  anyone,
  inTenant,
  people,
  platform,
  selfOrPlatform,
} from './access-rules.ts';
import { exists, getRelation } from './attempt.ts';
import { type Caller, callers } from './callers.ts';
import { denyDelegates } from './delegates.ts';
import { invitationMutations } from './invitation-mutations.ts';
import type { MutationTable } from './table.ts';

/** The credentials of the callers. */
export type Passwords = Record<Caller, { email: string; password: string }>;

/** The callers' own user ids; anonymous has none. */
export type UserIds = Partial<Record<Caller, string>>;

const nobody = { email: 'nobody@people.example', password: 'a secret that nobody ever had' };

/** Credentials of no user, for all callers. */
export const unknownPasswords = Object.fromEntries(
  callers.map((caller) => [caller, nobody]),
) as Passwords;

const newPassword = 'quite another secret of nobody at all';

/** Members may leave, except the only owner. */
const membersButLastOwner: AccessRule = {
  name: 'its members but the last owner',
  judge: (attempt) => {
    const { caller } = attempt;
    if (caller === 'anonymous') return 'UNAUTHENTICATED';
    if (getRelation(attempt) !== 'insider') return 'NOT_FOUND';
    return caller === 'owner' || caller === 'stranger' ? 'CONFLICT' : 'allowed';
  },
};

const members: AccessRule = {
  name: 'its members',
  judge: (attempt) => {
    if (attempt.caller === 'anonymous') return 'UNAUTHENTICATED';
    return getRelation(attempt) === 'insider' ? 'allowed' : 'NOT_FOUND';
  },
};

/** For a platform administrator the tenant is only a filter, which may match no session. */
const revokingSessions: AccessRule = {
  name: inTenant('sessions:revoke').name,
  judge: (attempt) =>
    attempt.caller === 'platformAdmin' && attempt.target === 'smuggled'
      ? 'allowed'
      : inTenant('sessions:revoke').judge(attempt),
};

/** Platform administrators only; a malformed id is NOT_FOUND for every signed-in caller. */
const platformById: AccessRule = {
  name: platform.name,
  judge: (attempt) => {
    const { caller, target } = attempt;
    if (caller !== 'anonymous' && target === 'malformed') return 'NOT_FOUND';
    const verdict = platform.judge(attempt);
    return verdict === 'allowed' && !exists(attempt) ? 'NOT_FOUND' : verdict;
  },
};

/** The slug is wrong, so even a permitted caller cannot delete the tenant. */
const wrongSlug: AccessRule = {
  name: inTenant('tenant:delete').name,
  judge: (attempt) => {
    const verdict = inTenant('tenant:delete').judge(attempt);
    return verdict === 'allowed' ? 'BAD_USER_INPUT' : verdict;
  },
};

/** Only owners; a platform administrator cannot act for them. */
const owners: AccessRule = {
  name: 'its owners',
  judge: (attempt) => {
    const { caller, target } = attempt;
    const isTenantThere = target !== 'absent' && target !== 'malformed';
    if (caller === 'platformAdmin') return isTenantThere ? 'FORBIDDEN' : 'NOT_FOUND';
    return inTenant('tenant:own').judge(attempt);
  },
};

/** The user themselves, unless their session is bound or they are the last owner of a tenant. */
const erasingSelf: AccessRule = {
  name: 'oneself but the last owner',
  judge: ({ caller }) => {
    if (caller === 'anonymous') return 'UNAUTHENTICATED';
    if (caller === 'bound') return 'FORBIDDEN';
    const isLastOwner = caller === 'owner' || caller === 'stranger' || caller === 'platformAdmin';
    return isLastOwner ? 'CONFLICT' : 'allowed';
  },
};

/** A key delegates the permissions of a member, so callers from outside cannot create one. */
const creatingKeys: AccessRule = {
  name: inTenant('api-keys:manage').name,
  judge: (attempt) =>
    attempt.caller === 'platformAdmin'
      ? owners.judge(attempt)
      : inTenant('api-keys:manage').judge(attempt),
};

/** The user themselves, unless their session is bound. */
const unboundSelf: AccessRule = {
  name: 'oneself',
  judge: ({ caller }) => {
    if (caller === 'anonymous') return 'UNAUTHENTICATED';
    return caller === 'bound' ? 'FORBIDDEN' : 'allowed';
  },
};

const credentials: AccessRule = {
  name: 'public, with the right password',
  judge: ({ target }) => (target === 'malformed' ? 'BAD_USER_INPUT' : 'UNAUTHENTICATED'),
};

const credentialsInTenant: AccessRule = {
  name: 'its members, with the right password',
  judge: (attempt) => (getRelation(attempt) === 'insider' ? 'allowed' : 'UNAUTHENTICATED'),
};

const ownCredentials: AccessRule = {
  name: 'public, with the right password',
  judge: ({ caller }) => (caller === 'anonymous' ? 'UNAUTHENTICATED' : 'allowed'),
};

/** A token that was never mailed is invalid for all callers. */
const invalidToken: AccessRule = {
  name: 'recipient of the token',
  judge: () => 'BAD_USER_INPUT',
};

/** Anyone may name any address, and learns nothing from the response. */
const anyAddress: AccessRule = {
  name: 'public',
  judge: ({ target }) => (target === 'malformed' ? 'BAD_USER_INPUT' : 'allowed'),
};

const someRole = { key: 'newcomer', name: 'Newcomer', permissions: ['tenant:read'] };

/** All mutations with their inputs, for the passwords and ids of a world. */
export function listMutations(passwords: Passwords, userIds: UserIds = {}): MutationTable {
  return denyDelegates(listRules(passwords, userIds));
}

function listRules(passwords: Passwords, userIds: UserIds): MutationTable {
  return {
    signUp: [
      {
        name: 'with a tenant',
        rule: anyone,
        isFixed: true,
        input: (_ids, caller) => ({
          email: `new-${caller.toLowerCase()}@people.example`,
          password: newPassword,
          name: 'Somebody new',
          tenantName: 'Quite new',
        }),
      },
    ],
    signIn: [
      {
        name: 'with a wrong password',
        rule: credentials,
        input: ({ email }) => ({ email, password: 'surely not the right one' }),
      },
      {
        name: 'into a tenant',
        isPersonal: true,
        rule: credentialsInTenant,
        input: ({ slug }, caller) => ({ ...passwords[caller], tenantSlug: slug }),
      },
      {
        name: 'as oneself',
        isPersonal: true,
        rule: ownCredentials,
        isFixed: true,
        input: (_ids, caller) => passwords[caller],
      },
    ],
    switchTenant: [
      {
        name: 'to a tenant',
        isPersonal: true,
        rule: members,
        input: ({ Tenant }) => ({ tenantId: Tenant }),
      },
      {
        name: 'to none',
        isPersonal: true,
        rule: people,
        isFixed: true,
        input: () => ({ tenantId: null }),
      },
    ],
    signOut: [{ name: '', rule: people, isFixed: true }],
    changePassword: [
      {
        name: '',
        rule: people,
        isFixed: true,
        input: (_ids, caller) => ({ currentPassword: passwords[caller].password, newPassword }),
      },
    ],
    confirmPassword: [
      {
        name: '',
        rule: people,
        isFixed: true,
        input: (_ids, caller) => ({ password: passwords[caller].password }),
      },
    ],
    impersonateUser: [
      {
        name: 'in all tenants',
        rule: platformById,
        input: ({ User }) => ({ userId: User, reason: 'for no good reason' }),
      },
      {
        name: 'in one tenant',
        rule: platformById,
        isTenantOwned: true,
        input: ({ User, Tenant }) => ({
          userId: User,
          tenantId: Tenant,
          reason: 'for no good reason',
        }),
      },
    ],
    requestEmailVerification: [{ name: '', rule: people, isFixed: true }],
    verifyEmail: [
      {
        name: 'with a token that was never mailed',
        rule: invalidToken,
        isFixed: true,
        input: () => ({ token: mintToken('tenantry_verify').token }),
      },
    ],
    requestPasswordReset: [
      {
        name: '',
        rule: anyAddress,
        mayChangeAnyone: true,
        input: ({ email }) => ({ email }),
      },
    ],
    resetPassword: [
      {
        name: 'with a token that was never mailed',
        rule: invalidToken,
        isFixed: true,
        input: () => ({ token: mintToken('tenantry_reset').token, newPassword }),
      },
    ],
    updateProfile: [
      {
        name: '',
        rule: people,
        isFixed: true,
        input: () => ({ name: 'Renamed', locale: 'pt-BR', metadata: { changed: true } }),
      },
    ],
    revokeSession: [
      {
        name: 'bound to a tenant',
        rule: inTenant('sessions:revoke'),
        isTenantOwned: true,
        input: ({ Session }) => ({ sessionId: Session }),
      },
      {
        name: 'bound to none',
        rule: selfOrPlatform({ lacking: 'NOT_FOUND' }),
        input: ({ UnboundSession }) => ({ sessionId: UnboundSession }),
      },
    ],
    revokeSessions: [
      {
        name: 'of a user in a tenant',
        rule: revokingSessions,
        isTenantOwned: true,
        input: ({ User, Tenant }) => ({ userId: User, tenantId: Tenant }),
      },
      {
        name: 'of a user',
        rule: selfOrPlatform(),
        input: ({ User }) => ({ userId: User }),
      },
      { name: 'of oneself', rule: people, isFixed: true, input: () => ({}) },
    ],
    createTenant: [
      {
        name: '',
        rule: people,
        isPersonal: true,
        isFixed: true,
        input: () => ({ name: 'Brand new', metadata: { changed: true } }),
      },
    ],
    updateTenant: [
      {
        name: '',
        rule: inTenant('tenant:update'),
        input: ({ Tenant }) => ({
          tenantId: Tenant,
          name: 'Renamed',
          slug: 'renamed',
          metadata: { changed: true },
          settings: { defaultRoleKey: 'viewer', sessionIdleTimeoutSeconds: 600 },
        }),
      },
    ],
    updateTenantLimits: [
      {
        name: '',
        rule: platformById,
        input: ({ Tenant }) => ({ tenantId: Tenant, members: 7, apiKeys: 7, customRoles: 7 }),
      },
    ],
    suspendTenant: [
      { name: '', rule: platformById, input: ({ Tenant }) => ({ tenantId: Tenant }) },
    ],
    resumeTenant: [{ name: '', rule: platformById, input: ({ Tenant }) => ({ tenantId: Tenant }) }],
    deleteTenant: [
      {
        name: 'by its slug',
        rule: inTenant('tenant:delete'),
        input: ({ Tenant, slug }) => ({ tenantId: Tenant, confirmSlug: slug }),
      },
      {
        // The slug that a service without checks would compare with: the database has to reject it.
        name: 'by another slug',
        rule: wrongSlug,
        input: ({ Tenant }) => ({ tenantId: Tenant, confirmSlug: 'unchecked' }),
      },
    ],
    restoreTenant: [
      {
        name: '',
        rule: inTenant('tenant:delete'),
        input: ({ Tenant }) => ({ tenantId: Tenant }),
      },
    ],
    transferOwnership: [
      {
        name: '',
        rule: owners,
        isTenantOwned: true,
        input: ({ Tenant, User }) => ({ tenantId: Tenant, toUserId: User }),
      },
    ],
    suspendUser: [
      {
        name: '',
        rule: platformById,
        input: ({ User }) => ({ userId: User, reason: 'no reason' }),
      },
    ],
    reinstateUser: [{ name: '', rule: platformById, input: ({ User }) => ({ userId: User }) }],
    eraseUser: [
      {
        name: 'of a user',
        rule: selfOrPlatform({ malformed: 'NOT_FOUND' }),
        input: ({ User }) => ({ userId: User, reason: 'no reason' }),
      },
      {
        name: 'of oneself',
        rule: erasingSelf,
        isFixed: true,
        input: ({ User }, caller) => ({ userId: userIds[caller] ?? User }),
      },
    ],
    exportUserData: [
      {
        name: 'of a user',
        rule: selfOrPlatform({ malformed: 'NOT_FOUND' }),
        input: ({ User }) => ({ userId: User, reason: 'no reason' }),
      },
      {
        name: 'of oneself',
        rule: unboundSelf,
        isFixed: true,
        input: ({ User }, caller) => ({ userId: userIds[caller] ?? User }),
      },
    ],
    cleanupExpiredData: [{ name: '', rule: platform, isFixed: true }],
    leaveTenant: [
      { name: '', rule: membersButLastOwner, input: ({ Tenant }) => ({ tenantId: Tenant }) },
    ],
    updateMembership: [
      {
        name: '',
        rule: inTenant('members:update'),
        isTenantOwned: true,
        input: ({ Membership }) => ({
          membershipId: Membership,
          roleKeys: ['viewer'],
          isActive: false,
          metadata: { changed: true },
        }),
      },
    ],
    removeMember: [
      {
        name: '',
        rule: inTenant('members:remove'),
        isTenantOwned: true,
        input: ({ Membership }) => ({ membershipId: Membership }),
      },
    ],
    ...invitationMutations,
    createRole: [
      {
        name: '',
        rule: inTenant('roles:manage'),
        input: ({ Tenant }) => ({ tenantId: Tenant, ...someRole }),
      },
    ],
    updateRole: [
      {
        name: '',
        rule: inTenant('roles:manage'),
        isTenantOwned: true,
        input: ({ Role }) => ({ roleId: Role, name: 'Renamed', permissions: ['tenant:read'] }),
      },
    ],
    deleteRole: [
      {
        name: '',
        rule: inTenant('roles:manage'),
        isTenantOwned: true,
        input: ({ SpareRole }) => ({ roleId: SpareRole }),
      },
    ],
    createApiKey: [
      {
        name: '',
        rule: creatingKeys,
        input: ({ Tenant }) => ({ tenantId: Tenant, name: 'new', permissions: ['tenant:read'] }),
      },
    ],
    rotateApiKey: [
      {
        name: '',
        rule: creatingKeys,
        isTenantOwned: true,
        input: ({ ApiKey }) => ({ apiKeyId: ApiKey, overlapSeconds: 60 }),
      },
    ],
    revokeApiKey: [
      {
        name: '',
        rule: inTenant('api-keys:manage'),
        isTenantOwned: true,
        input: ({ ApiKey }) => ({ apiKeyId: ApiKey }),
      },
    ],
  };
}
