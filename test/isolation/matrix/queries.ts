import { mintToken } from '../../../src/lib/token.ts';
import {
  everybody,
  found,
  inTenant,
  onlyWhere,
  people,
  platform,
  type Room,
  selfOrPlatform,
  signedIn,
  viewer,
  withParent,
} from './rooms.ts';
import { getStanding, type Ids } from './scene.ts';
import type { Ask, FieldTable } from './table.ts';

const notFound = { hidden: 'null', lacking: 'null', anonymous: 'null' } as const;

/** What `node` finds, for each type that it knows; a session may or may not be bound to a tenant. */
const nodes: readonly (Ask & { key: keyof Ids })[] = [
  { name: 'Tenant', key: 'Tenant', gives: 'Tenant', room: found(null) },
  { name: 'User', key: 'User', gives: 'User', room: found('members:read') },
  {
    name: 'Membership',
    key: 'Membership',
    gives: 'Membership',
    room: found('members:read'),
    isTenantOwned: true,
  },
  { name: 'Role', key: 'Role', gives: 'Role', room: found('roles:read'), isTenantOwned: true },
  {
    name: 'Invitation',
    key: 'Invitation',
    gives: 'Invitation',
    room: found('invitations:read'),
    isTenantOwned: true,
  },
  {
    name: 'AuditEvent',
    key: 'AuditEvent',
    gives: 'AuditEvent',
    room: found('audit:read'),
    isTenantOwned: true,
  },
  {
    name: 'Session',
    key: 'Session',
    gives: 'Session',
    room: found('sessions:read'),
    isTenantOwned: true,
  },
  {
    name: 'ApiKey',
    key: 'ApiKey',
    gives: 'ApiKey',
    room: found('api-keys:read'),
    isTenantOwned: true,
  },
  {
    name: 'unbound Session',
    key: 'UnboundSession',
    gives: 'Session',
    room: selfOrPlatform(notFound),
    subject: { isBound: false },
  },
];

const deadToken = mintToken('tenantry_invite').token;

/** A session that is bound to a tenant need not name it, nor a key, which always is. */
const anywhere: Room = {
  name: platform.name,
  judge: (scene) =>
    scene.caller === 'bound' || scene.caller === 'key' ? 'allowed' : platform.judge(scene),
};

/** A key names no tenant: who does not belong to it asks about nothing, and is told so. */
const verifyingKeys: Room = {
  name: inTenant('api-keys:verify').name,
  judge: (scene) => {
    const isCrossSite = getStanding(scene) === 'outsider';
    return isCrossSite
      ? 'allowed'
      : inTenant('api-keys:verify', { absentIsFine: true }).judge(scene);
  },
};

/** The fields of Query and Subscription: the doors to everything else. */
export const queryFields: FieldTable = {
  Subscription: {
    auditEvents: {
      room: inTenant('audit:read'),
      asks: [
        {
          name: 'behind the last entry but one',
          args: ({ Tenant, PreviousAuditEvent }) => ({
            tenantId: Tenant,
            after: PreviousAuditEvent,
          }),
        },
      ],
    },
    viewerEvents: { room: people, subject: { person: 'caller', isBound: false } },
  },
  Query: {
    node: {
      room: withParent,
      asks: nodes.map(({ key, ...ask }) => ({ ...ask, args: (ids) => ({ id: ids[key] }) })),
    },
    nodes: {
      room: withParent,
      asks: nodes.map(({ key, ...ask }) => ({
        ...ask,
        args: (ids) => ({ ids: [ids[key]] }),
        endsHere: true,
      })),
    },
    tenant: {
      room: found(null),
      asks: [
        { name: 'by id', args: (ids) => ({ id: ids.Tenant }) },
        { name: 'by slug', args: (ids) => ({ slug: ids.slug }) },
      ],
    },
    // The newest comes first: the platform administrator's own.
    tenants: { room: platform, subject: { person: 'caller' } },
    user: {
      room: selfOrPlatform({ ...notFound, anonymous: 'UNAUTHENTICATED' }),
      asks: [
        { name: 'by id', args: (ids) => ({ id: ids.User }) },
        {
          name: 'by e-mail',
          args: (ids) => ({ email: ids.email }),
          room: selfOrPlatform({
            ...notFound,
            anonymous: 'UNAUTHENTICATED',
            malformed: 'BAD_USER_INPUT',
          }),
        },
      ],
    },
    users: platform,
    viewer: { room: viewer, subject: { person: 'caller', isBound: false } },
    permissions: everybody,
    passwordPolicy: everybody,
    monitoring: platform,
    checkPermissions: {
      room: signedIn,
      asks: [
        {
          name: 'of somebody',
          args: ({ Tenant, User }) => ({
            checks: [{ tenantId: Tenant, userId: User, permission: 'members:read' }],
          }),
          isTenantOwned: true,
          echoes: true,
        },
        {
          name: 'of oneself',
          args: ({ Tenant }) => ({ checks: [{ tenantId: Tenant, permission: 'members:read' }] }),
          endsHere: true,
          echoes: true,
        },
      ],
    },
    // Anyone who holds a link is shown what it says, which is what it is for; nobody is shown anything else.
    invitation: {
      room: onlyWhere('who holds the link', () => false),
      asks: [{ name: 'by a dead token', args: () => ({ token: deadToken }) }],
    },
    verifySession: {
      room: inTenant('sessions:verify', { absentIsFine: true }),
      asks: [
        {
          name: 'in a tenant',
          args: ({ token, Tenant }) => ({ token, tenantId: Tenant }),
          isTenantOwned: true,
          showsSecret: true,
        },
        {
          name: 'anywhere',
          args: ({ token }) => ({ token }),
          room: anywhere,
          endsHere: true,
          showsSecret: true,
        },
      ],
    },
    verifyApiKey: {
      room: verifyingKeys,
      asks: [
        {
          name: 'of a tenant',
          args: ({ key }) => ({ key, permissions: ['tenant:read'] }),
          showsSecret: true,
        },
      ],
    },
  },
};
