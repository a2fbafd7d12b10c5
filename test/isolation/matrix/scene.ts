import type { Caller } from './callers.ts';

/**
 * What the ids of a call name:
 * - own: what is in the caller's tenant (for who has none: in `home`)
 * - foreign: the same in a tenant the caller does not belong to
 * - absent: nothing at all, in no tenant
 * - absentInForeign, absentInOwn: nothing, but the id names that tenant
 * - smuggled: what is in the foreign tenant, under an id (or beside an id) of the caller's own
 * - malformed: no id at all
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

/** Foreign and absent must look the same: what is compared with what, byte for byte. */
export const lookalikes: Partial<Record<Target, Target>> = {
  foreign: 'absent',
  absentInForeign: 'absent',
  smuggled: 'absentInOwn',
};

/** The ids that a call may use, of one target. */
export type Ids = {
  Tenant: string;
  slug: string;
  User: string;
  email: string;
  Membership: string;
  /** A role that somebody has, and one that nobody has. */
  Role: string;
  SpareRole: string;
  AuditEvent: string;
  /** The entry of the audit log before that one. */
  PreviousAuditEvent: string;
  /** Bound to the tenant, and bound to none. */
  Session: string;
  UnboundSession: string;
  ApiKey: string;
  /** The token of that bound session, and that key itself. */
  token: string;
  key: string;
  /** To somebody who is no caller, and the token in its link. */
  Invitation: string;
  invitationToken: string;
};

/** Whose objects are being looked at: on the way through a query this changes with the fields. */
export type Subject = {
  person: 'colleague' | 'owner' | 'caller';
  /** For sessions: bound to a tenant. */
  isBound: boolean;
};

/** One call, as far as the table of rooms needs to know it. */
export type Scene = { caller: Caller; target: Target; subject: Subject };

export const firstSubject: Subject = { person: 'colleague', isBound: true };

/** How a call ends: allowed, an object that is not there, an empty list, or an error code. */
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

/** The object that the ids name exists, and stands where the ids say. */
export function isThere({ target }: Scene): boolean {
  return target === 'own' || target === 'foreign';
}

/** The caller's standing in the tenant that the ids name. */
export function getStanding({
  caller,
  target,
}: Scene): 'anonymous' | 'platform' | 'insider' | 'outsider' {
  if (caller === 'anonymous') return 'anonymous';
  if (caller === 'platformAdmin') return 'platform';
  const isOwnTenant = target === 'own' || target === 'absentInOwn' || target === 'smuggled';
  return isOwnTenant ? 'insider' : 'outsider';
}
