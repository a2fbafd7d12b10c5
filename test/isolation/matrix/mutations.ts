import { mintToken } from '../../../src/lib/token.ts';
import { type Caller, callers } from './callers.ts';
import { closeToDelegates } from './delegates.ts';
import { invitationMutations } from './invitation-mutations.ts';
import { everybody, inTenant, people, platform, type Room, selfOrPlatform } from './rooms.ts';
import { getStanding, isThere } from './scene.ts';
import type { MutationTable } from './table.ts';

/** What the callers sign in with. */
export type Passwords = Record<Caller, { email: string; password: string }>;

/** The ids of the callers themselves; anonymous has none. */
export type Selves = Partial<Record<Caller, string>>;

const nobody = { email: 'nobody@people.example', password: 'a secret that nobody ever had' };

/** Credentials that are nobody's, for everybody. */
export const nobodysPasswords = Object.fromEntries(
  callers.map((caller) => [caller, nobody]),
) as Passwords;

const newPassword = 'quite another secret of nobody at all';

/** One's own way out of a tenant; its only owner stays. */
const leaving: Room = {
  name: 'its members but the last owner',
  judge: (scene) => {
    const { caller } = scene;
    if (caller === 'anonymous') return 'UNAUTHENTICATED';
    if (getStanding(scene) !== 'insider') return 'NOT_FOUND';
    return caller === 'owner' || caller === 'stranger' ? 'CONFLICT' : 'allowed';
  },
};

const switching: Room = {
  name: 'its members',
  judge: (scene) => {
    if (scene.caller === 'anonymous') return 'UNAUTHENTICATED';
    return getStanding(scene) === 'insider' ? 'allowed' : 'NOT_FOUND';
  },
};

/** To a platform administrator a tenant only narrows whose sessions end: there may well be none. */
const ending: Room = {
  name: inTenant('sessions:revoke').name,
  judge: (scene) =>
    scene.caller === 'platformAdmin' && scene.target === 'smuggled'
      ? 'allowed'
      : inTenant('sessions:revoke').judge(scene),
};

/** Platform administrators alone; an id that is none is told apart, as it is about nobody. */
const platformOn: Room = {
  name: platform.name,
  judge: (scene) => {
    const { caller, target } = scene;
    if (caller !== 'anonymous' && target === 'malformed') return 'NOT_FOUND';
    const verdict = platform.judge(scene);
    return verdict === 'allowed' && !isThere(scene) ? 'NOT_FOUND' : verdict;
  },
};

/** Anyone who could delete the tenant, had it been named as it is. */
const misnaming: Room = {
  name: inTenant('tenant:delete').name,
  judge: (scene) => {
    const verdict = inTenant('tenant:delete').judge(scene);
    return verdict === 'allowed' ? 'BAD_USER_INPUT' : verdict;
  },
};

/** Only what is one's own can be handed over: no platform administrator stands in for an owner. */
const handingOver: Room = {
  name: 'its owners',
  judge: (scene) => {
    const { caller, target } = scene;
    const isTenantThere = target !== 'absent' && target !== 'malformed';
    if (caller === 'platformAdmin') return isTenantThere ? 'FORBIDDEN' : 'NOT_FOUND';
    return inTenant('tenant:own').judge(scene);
  },
};

/** Oneself, unless bound to a tenant or the last owner of one. */
const erasingOneself: Room = {
  name: 'oneself but the last owner',
  judge: ({ caller }) => {
    if (caller === 'anonymous') return 'UNAUTHENTICATED';
    if (caller === 'bound') return 'FORBIDDEN';
    const isLastOwner = caller === 'owner' || caller === 'stranger' || caller === 'platformAdmin';
    return isLastOwner ? 'CONFLICT' : 'allowed';
  },
};

/** A key acts as a member would, so nobody makes one from outside. */
const makingKeys: Room = {
  name: inTenant('api-keys:manage').name,
  judge: (scene) =>
    scene.caller === 'platformAdmin'
      ? handingOver.judge(scene)
      : inTenant('api-keys:manage').judge(scene),
};

/** Oneself, unless bound to a tenant. */
const wholeSelf: Room = {
  name: 'oneself',
  judge: ({ caller }) => {
    if (caller === 'anonymous') return 'UNAUTHENTICATED';
    return caller === 'bound' ? 'FORBIDDEN' : 'allowed';
  },
};

const credentials: Room = {
  name: 'public, with the right password',
  judge: ({ target }) => (target === 'malformed' ? 'BAD_USER_INPUT' : 'UNAUTHENTICATED'),
};

const credentialsInTenant: Room = {
  name: 'its members, with the right password',
  judge: (scene) => (getStanding(scene) === 'insider' ? 'allowed' : 'UNAUTHENTICATED'),
};

const ownCredentials: Room = {
  name: 'public, with the right password',
  judge: ({ caller }) => (caller === 'anonymous' ? 'UNAUTHENTICATED' : 'allowed'),
};

/** A token that was mailed to nobody opens nothing, no matter who sends it. */
const noGoodToken: Room = {
  name: 'anyone who was mailed the token',
  judge: () => 'BAD_USER_INPUT',
};

/** Everybody may name anybody, and learns nothing of it. */
const namingAnybody: Room = {
  name: 'public',
  judge: ({ target }) => (target === 'malformed' ? 'BAD_USER_INPUT' : 'allowed'),
};

const someRole = { key: 'newcomer', name: 'Newcomer', permissions: ['tenant:read'] };

/** Every mutation with what to call it with, by the passwords and ids of the world it runs in. */
export function listMutations(passwords: Passwords, selves: Selves = {}): MutationTable {
  return closeToDelegates(listRooms(passwords, selves));
}

function listRooms(passwords: Passwords, selves: Selves): MutationTable {
  return {
    signUp: [
      {
        name: 'with a tenant',
        room: everybody,
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
        room: credentials,
        input: ({ email }) => ({ email, password: 'surely not the right one' }),
      },
      {
        name: 'into a tenant',
        isPersonal: true,
        room: credentialsInTenant,
        input: ({ slug }, caller) => ({ ...passwords[caller], tenantSlug: slug }),
      },
      {
        name: 'as oneself',
        isPersonal: true,
        room: ownCredentials,
        isFixed: true,
        input: (_ids, caller) => passwords[caller],
      },
    ],
    switchTenant: [
      {
        name: 'to a tenant',
        isPersonal: true,
        room: switching,
        input: ({ Tenant }) => ({ tenantId: Tenant }),
      },
      {
        name: 'to none',
        isPersonal: true,
        room: people,
        isFixed: true,
        input: () => ({ tenantId: null }),
      },
    ],
    signOut: [{ name: '', room: people, isFixed: true }],
    changePassword: [
      {
        name: '',
        room: people,
        isFixed: true,
        input: (_ids, caller) => ({ currentPassword: passwords[caller].password, newPassword }),
      },
    ],
    confirmPassword: [
      {
        name: '',
        room: people,
        isFixed: true,
        input: (_ids, caller) => ({ password: passwords[caller].password }),
      },
    ],
    impersonateUser: [
      {
        name: 'in all tenants',
        room: platformOn,
        input: ({ User }) => ({ userId: User, reason: 'for no good reason' }),
      },
      {
        name: 'in one tenant',
        room: platformOn,
        isTenantOwned: true,
        input: ({ User, Tenant }) => ({
          userId: User,
          tenantId: Tenant,
          reason: 'for no good reason',
        }),
      },
    ],
    requestEmailVerification: [{ name: '', room: people, isFixed: true }],
    verifyEmail: [
      {
        name: 'with a token of nobody',
        room: noGoodToken,
        isFixed: true,
        input: () => ({ token: mintToken('tenantry_verify').token }),
      },
    ],
    requestPasswordReset: [
      {
        name: '',
        room: namingAnybody,
        isAboutAnybody: true,
        input: ({ email }) => ({ email }),
      },
    ],
    resetPassword: [
      {
        name: 'with a token of nobody',
        room: noGoodToken,
        isFixed: true,
        input: () => ({ token: mintToken('tenantry_reset').token, newPassword }),
      },
    ],
    updateProfile: [
      {
        name: '',
        room: people,
        isFixed: true,
        input: () => ({ name: 'Renamed', locale: 'pt-BR', metadata: { changed: true } }),
      },
    ],
    revokeSession: [
      {
        name: 'bound to a tenant',
        room: inTenant('sessions:revoke'),
        isTenantOwned: true,
        input: ({ Session }) => ({ sessionId: Session }),
      },
      {
        name: 'bound to none',
        room: selfOrPlatform({ lacking: 'NOT_FOUND' }),
        input: ({ UnboundSession }) => ({ sessionId: UnboundSession }),
      },
    ],
    revokeSessions: [
      {
        name: 'of somebody in a tenant',
        room: ending,
        isTenantOwned: true,
        input: ({ User, Tenant }) => ({ userId: User, tenantId: Tenant }),
      },
      {
        name: 'of somebody',
        room: selfOrPlatform(),
        input: ({ User }) => ({ userId: User }),
      },
      { name: 'of oneself', room: people, isFixed: true, input: () => ({}) },
    ],
    createTenant: [
      {
        name: '',
        room: people,
        isPersonal: true,
        isFixed: true,
        input: () => ({ name: 'Brand new', metadata: { changed: true } }),
      },
    ],
    updateTenant: [
      {
        name: '',
        room: inTenant('tenant:update'),
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
        room: platformOn,
        input: ({ Tenant }) => ({ tenantId: Tenant, members: 7, apiKeys: 7, customRoles: 7 }),
      },
    ],
    suspendTenant: [{ name: '', room: platformOn, input: ({ Tenant }) => ({ tenantId: Tenant }) }],
    resumeTenant: [{ name: '', room: platformOn, input: ({ Tenant }) => ({ tenantId: Tenant }) }],
    deleteTenant: [
      {
        name: 'by its slug',
        room: inTenant('tenant:delete'),
        input: ({ Tenant, slug }) => ({ tenantId: Tenant, confirmSlug: slug }),
      },
      {
        // What every tenant is called where no check has looked: then the database has to refuse.
        name: 'by another slug',
        room: misnaming,
        input: ({ Tenant }) => ({ tenantId: Tenant, confirmSlug: 'unchecked' }),
      },
    ],
    restoreTenant: [
      {
        name: '',
        room: inTenant('tenant:delete'),
        input: ({ Tenant }) => ({ tenantId: Tenant }),
      },
    ],
    transferOwnership: [
      {
        name: '',
        room: handingOver,
        isTenantOwned: true,
        input: ({ Tenant, User }) => ({ tenantId: Tenant, toUserId: User }),
      },
    ],
    suspendUser: [
      {
        name: '',
        room: platformOn,
        input: ({ User }) => ({ userId: User, reason: 'no reason' }),
      },
    ],
    reinstateUser: [{ name: '', room: platformOn, input: ({ User }) => ({ userId: User }) }],
    eraseUser: [
      {
        name: 'of somebody',
        room: selfOrPlatform({ malformed: 'NOT_FOUND' }),
        input: ({ User }) => ({ userId: User, reason: 'no reason' }),
      },
      {
        name: 'of oneself',
        room: erasingOneself,
        isFixed: true,
        input: ({ User }, caller) => ({ userId: selves[caller] ?? User }),
      },
    ],
    exportUserData: [
      {
        name: 'of somebody',
        room: selfOrPlatform({ malformed: 'NOT_FOUND' }),
        input: ({ User }) => ({ userId: User, reason: 'no reason' }),
      },
      {
        name: 'of oneself',
        room: wholeSelf,
        isFixed: true,
        input: ({ User }, caller) => ({ userId: selves[caller] ?? User }),
      },
    ],
    cleanupExpiredData: [{ name: '', room: platform, isFixed: true }],
    leaveTenant: [{ name: '', room: leaving, input: ({ Tenant }) => ({ tenantId: Tenant }) }],
    updateMembership: [
      {
        name: '',
        room: inTenant('members:update'),
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
        room: inTenant('members:remove'),
        isTenantOwned: true,
        input: ({ Membership }) => ({ membershipId: Membership }),
      },
    ],
    ...invitationMutations,
    createRole: [
      {
        name: '',
        room: inTenant('roles:manage'),
        input: ({ Tenant }) => ({ tenantId: Tenant, ...someRole }),
      },
    ],
    updateRole: [
      {
        name: '',
        room: inTenant('roles:manage'),
        isTenantOwned: true,
        input: ({ Role }) => ({ roleId: Role, name: 'Renamed', permissions: ['tenant:read'] }),
      },
    ],
    deleteRole: [
      {
        name: '',
        room: inTenant('roles:manage'),
        isTenantOwned: true,
        input: ({ SpareRole }) => ({ roleId: SpareRole }),
      },
    ],
    createApiKey: [
      {
        name: '',
        room: makingKeys,
        input: ({ Tenant }) => ({ tenantId: Tenant, name: 'new', permissions: ['tenant:read'] }),
      },
    ],
    rotateApiKey: [
      {
        name: '',
        room: makingKeys,
        isTenantOwned: true,
        input: ({ ApiKey }) => ({ apiKeyId: ApiKey, overlapSeconds: 60 }),
      },
    ],
    revokeApiKey: [
      {
        name: '',
        room: inTenant('api-keys:manage'),
        isTenantOwned: true,
        input: ({ ApiKey }) => ({ apiKeyId: ApiKey }),
      },
    ],
  };
}
