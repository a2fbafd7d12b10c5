import { mintToken } from '../../../src/lib/token.ts';
import {
  type AccessRule,
  anyone,
  found,
  inTenant,
  onlyWhere,
  people,
  platform,
  selfOrPlatform,
  signedIn,
  viewer,
  withParent,
} from './access-rules.ts';
import { getRelation, type Ids } from './attempt.ts';
import type { FieldTable, Variant } from './table.ts';

const notFound = { hidden: 'null', lacking: 'null', anonymous: 'null' } as const;

/** One variant per type that `node` returns; sessions twice, bound to a tenant and unbound. */
const nodes: readonly (Variant & { key: keyof Ids })[] = [
  { name: 'Tenant', key: 'Tenant', returnsType: 'Tenant', rule: found(null) },
  { name: 'User', key: 'User', returnsType: 'User', rule: found('members:read') },
  {
    name: 'Membership',
    key: 'Membership',
    returnsType: 'Membership',
    rule: found('members:read'),
    isTenantOwned: true,
  },
  {
    name: 'Role',
    key: 'Role',
    returnsType: 'Role',
    rule: found('roles:read'),
    isTenantOwned: true,
  },
  {
    name: 'Invitation',
    key: 'Invitation',
    returnsType: 'Invitation',
    rule: found('invitations:read'),
    isTenantOwned: true,
  },
  {
    name: 'AuditEvent',
    key: 'AuditEvent',
    returnsType: 'AuditEvent',
    rule: found('audit:read'),
    isTenantOwned: true,
  },
  {
    name: 'Session',
    key: 'Session',
    returnsType: 'Session',
    rule: found('sessions:read'),
    isTenantOwned: true,
  },
  {
    name: 'ApiKey',
    key: 'ApiKey',
    returnsType: 'ApiKey',
    rule: found('api-keys:read'),
    isTenantOwned: true,
  },
  {
    name: 'unbound Session',
    key: 'UnboundSession',
    returnsType: 'Session',
    rule: selfOrPlatform(notFound),
    subject: { isBound: false },
  },
];

const deadToken = mintToken('tenantry_invite').token;

/** Bound sessions and keys have a tenant of their own and may omit it. */
const anywhere: AccessRule = {
  name: platform.name,
  judge: (attempt) =>
    attempt.caller === 'bound' || attempt.caller === 'key' ? 'allowed' : platform.judge(attempt),
};

/** The call names no tenant, so a caller from outside the key's tenant gets "invalid" and no error. */
const verifyingKeys: AccessRule = {
  name: inTenant('api-keys:verify').name,
  judge: (attempt) => {
    const isForeign = getRelation(attempt) === 'outsider';
    return isForeign
      ? 'allowed'
      : inTenant('api-keys:verify', { absentIsFine: true }).judge(attempt);
  },
};

/** The access rules of Query and Subscription. */
export const queryFields: FieldTable = {
  Subscription: {
    auditEvents: {
      rule: inTenant('audit:read'),
      variants: [
        {
          name: 'after the last entry but one',
          args: ({ Tenant, PreviousAuditEvent }) => ({
            tenantId: Tenant,
            after: PreviousAuditEvent,
          }),
        },
      ],
    },
    viewerEvents: { rule: people, subject: { person: 'caller', isBound: false } },
  },
  Query: {
    node: {
      rule: withParent,
      variants: nodes.map(({ key, ...variant }) => ({
        ...variant,
        args: (ids) => ({ id: ids[key] }),
      })),
    },
    nodes: {
      rule: withParent,
      variants: nodes.map(({ key, ...variant }) => ({
        ...variant,
        args: (ids) => ({ ids: [ids[key]] }),
        stopsHere: true,
      })),
    },
    tenant: {
      rule: found(null),
      variants: [
        { name: 'by id', args: (ids) => ({ id: ids.Tenant }) },
        { name: 'by slug', args: (ids) => ({ slug: ids.slug }) },
      ],
    },
    // The first one is the newest, the platform administrator's own.
    tenants: { rule: platform, subject: { person: 'caller' } },
    user: {
      rule: selfOrPlatform({ ...notFound, anonymous: 'UNAUTHENTICATED' }),
      variants: [
        { name: 'by id', args: (ids) => ({ id: ids.User }) },
        {
          name: 'by e-mail',
          args: (ids) => ({ email: ids.email }),
          rule: selfOrPlatform({
            ...notFound,
            anonymous: 'UNAUTHENTICATED',
            malformed: 'BAD_USER_INPUT',
          }),
        },
      ],
    },
    users: platform,
    viewer: { rule: viewer, subject: { person: 'caller', isBound: false } },
    permissions: anyone,
    passwordPolicy: anyone,
    monitoring: platform,
    checkPermissions: {
      rule: signedIn,
      variants: [
        {
          name: 'of a user',
          args: ({ Tenant, User }) => ({
            checks: [{ tenantId: Tenant, userId: User, permission: 'members:read' }],
          }),
          isTenantOwned: true,
          echoesIds: true,
        },
        {
          name: 'of oneself',
          args: ({ Tenant }) => ({ checks: [{ tenantId: Tenant, permission: 'members:read' }] }),
          stopsHere: true,
          echoesIds: true,
        },
      ],
    },
    // The holder of a link sees the preview by design; a dead token shows nothing.
    invitation: {
      rule: onlyWhere('holder of the link', () => false),
      variants: [{ name: 'by a dead token', args: () => ({ token: deadToken }) }],
    },
    verifySession: {
      rule: inTenant('sessions:verify', { absentIsFine: true }),
      variants: [
        {
          name: 'in a tenant',
          args: ({ token, Tenant }) => ({ token, tenantId: Tenant }),
          isTenantOwned: true,
          sendsSecret: true,
        },
        {
          name: 'anywhere',
          args: ({ token }) => ({ token }),
          rule: anywhere,
          stopsHere: true,
          sendsSecret: true,
        },
      ],
    },
    verifyApiKey: {
      rule: verifyingKeys,
      variants: [
        {
          name: 'of a tenant',
          args: ({ key }) => ({ key, permissions: ['tenant:read'] }),
          sendsSecret: true,
        },
      ],
    },
  },
};
