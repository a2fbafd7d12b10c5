import type { Caller } from './callers.ts';

/**
 * The object that the ids of a call name:
 * - own: an object of the caller's tenant (of `home` if the caller has none)
 * - foreign: an object of a tenant to which the caller does not belong
 * - absent: no object, in no tenant
 * - absentInForeign, absentInOwn: no object, but the id contains that tenant
 * - smuggled: an object of the foreign tenant, whose id contains (or is sent with) the caller's tenant
 * - malformed: not an id at all
 */
export const targets = [
  'own',
  'foreign',
  'absent',
  'absentInForeign',
  'absentInOwn',
  'smuggled',
  'malformed',
] as const;
export type Target = (typeof targets)[number];

/** Foreign and absent must look the same: the pairs that are compared, byte for byte. */
export const lookalikes: Partial<Record<Target, Target>> = {
  foreign: 'absent',
  absentInForeign: 'absent',
  smuggled: 'absentInOwn',
};

/** The ids of one target that a call can use. */
export type Ids = {
  Tenant: string;
  slug: string;
  User: string;
  email: string;
  Membership: string;
  /** A role with a member, and one without. */
  Role: string;
  SpareRole: string;
  AuditEvent: string;
  /** The entry of the audit log before that one. */
  PreviousAuditEvent: string;
  /** A session bound to the tenant, and an unbound one. */
  Session: string;
  UnboundSession: string;
  ApiKey: string;
  /** The token of the bound session, and the secret of the key. */
  token: string;
  key: string;
  /** An invitation to a person who is none of the callers, and the token in its link. */
  Invitation: string;
  invitationToken: string;
};

/** The owner of the current object; each field of a query can change it. */
export type Subject = {
  person: 'colleague' | 'owner' | 'caller';
  /** For sessions: is it bound to a tenant? */
  isBound: boolean;
};

/** One call, as an access rule sees it. */
export type Attempt = { caller: Caller; target: Target; subject: Subject };

export const firstSubject: Subject = { person: 'colleague', isBound: true };

/** How a call ends: allowed, null, an empty list, or an error code. */
export type Verdict =
  | 'allowed'
  | 'null'
  | 'empty'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'BAD_USER_INPUT'
  | 'CONFLICT'
  | 'RATE_LIMITED'
  | 'INTERNAL';

/** True if the object exists in the tenant that its id contains. */
export function exists({ target }: Attempt): boolean {
  return target === 'own' || target === 'foreign';
}

/** The caller's relation to the tenant that the ids contain. */
export function getRelation({
  caller,
  target,
}: Attempt): 'anonymous' | 'platform' | 'insider' | 'outsider' {
  if (caller === 'anonymous') return 'anonymous';
  if (caller === 'platformAdmin') return 'platform';
  const isOwnTenant = target === 'own' || target === 'absentInOwn' || target === 'smuggled';
  return isOwnTenant ? 'insider' : 'outsider';
}
