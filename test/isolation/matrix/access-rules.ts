import type { Permission } from '../../../src/core/access/permissions.ts';
import { type Attempt, exists, getRelation, type Verdict } from './attempt.ts';
import { listPermissions } from './callers.ts';

/** Which callers are allowed to use a field or mutation, and how the call ends for all others. */
export type AccessRule = { name: string; judge: (attempt: Attempt) => Verdict };

/** How a denied call ends, where it differs from the default error. */
export type Denial = {
  /** The object is hidden or absent. */
  hidden?: Verdict;
  /** The caller lacks the permission. */
  lacking?: Verdict;
  /** Only if a malformed id ends differently from an absent one. */
  malformed?: Verdict;
  anonymous?: Verdict;
  /** An absent object in the caller's own tenant is no error. */
  absentIsFine?: boolean;
};

/** Allowed for anyone, signed in or not. */
export const anyone: AccessRule = { name: 'public', judge: () => 'allowed' };

/** Allowed for anyone who can read the object. */
export const withParent: AccessRule = { name: 'with its parent', judge: () => 'allowed' };

/** Allowed for every signed-in caller. */
export const signedIn: AccessRule = {
  name: 'signed in',
  judge: ({ caller }) => (caller === 'anonymous' ? 'UNAUTHENTICATED' : 'allowed'),
};

/** Allowed for every signed-in user, but not for API keys. */
export const people: AccessRule = {
  name: 'people',
  judge: (attempt) => (attempt.caller === 'key' ? 'FORBIDDEN' : signedIn.judge(attempt)),
};

/** Data of the caller's own; null for anonymous callers. */
export const viewer: AccessRule = {
  name: 'signed in',
  judge: ({ caller }) => (caller === 'anonymous' ? 'null' : 'allowed'),
};

/** Allowed for platform administrators only. */
export const platform: AccessRule = {
  name: 'platform',
  judge: ({ caller }) => {
    if (caller === 'anonymous') return 'UNAUTHENTICATED';
    return caller === 'platformAdmin' ? 'allowed' : 'FORBIDDEN';
  },
};

const lookUp: Denial = { hidden: 'null', lacking: 'null', anonymous: 'null' };

/** A lookup by id: null unless the caller has the permission in the object's tenant. */
export function found(permission: Permission | null): AccessRule {
  return inTenant(permission, lookUp);
}

/** Allowed for members of the tenant with the permission, and platform administrators. */
export function inTenant(permission: Permission | null, denial: Denial = {}): AccessRule {
  const hidden = denial.hidden ?? 'NOT_FOUND';
  const absent = denial.absentIsFine ? 'allowed' : hidden;
  return {
    name: permission ? `tenant (${permission})` : 'tenant',
    judge: (attempt) => {
      const relation = getRelation(attempt);
      if (relation === 'anonymous') return denial.anonymous ?? 'UNAUTHENTICATED';
      if (relation === 'outsider') return hidden;
      const isLacking = permission !== null && !listPermissions(attempt.caller).has(permission);
      if (relation === 'insider' && isLacking) return denial.lacking ?? 'FORBIDDEN';
      return exists(attempt) ? 'allowed' : absent;
    },
  };
}

/** Allowed for the user themselves, and platform administrators. */
export function selfOrPlatform(denial: Denial = {}): AccessRule {
  return {
    name: 'self or platform',
    judge: (attempt) => {
      const { caller, target } = attempt;
      if (isSelf(attempt)) return 'allowed';
      if (caller === 'anonymous') return denial.anonymous ?? 'UNAUTHENTICATED';
      if (target === 'malformed' && denial.malformed) return denial.malformed;
      if (caller !== 'platformAdmin') return denial.lacking ?? 'FORBIDDEN';
      return exists(attempt) ? 'allowed' : (denial.hidden ?? 'NOT_FOUND');
    },
  };
}

/** Allowed or null, depending on the object and not on permissions. */
export function onlyWhere(name: string, holds: (attempt: Attempt) => boolean): AccessRule {
  return { name, judge: (attempt) => (holds(attempt) ? 'allowed' : 'null') };
}

/** True if the object belongs to the caller. */
export function isSelf({ caller, target, subject }: Attempt): boolean {
  if (subject.person === 'caller') return true;
  const isOwner = caller === 'owner' || caller === 'stranger';
  return subject.person === 'owner' && isOwner && target === 'own';
}
