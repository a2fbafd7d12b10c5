import type { Permission } from '../../../src/core/access/permissions.ts';
import { listRights } from './callers.ts';
import { getStanding, isThere, type Scene, type Verdict } from './scene.ts';

/** Who gets through a field or a mutation, and how everybody else is rejected. */
export type Room = { name: string; judge: (scene: Scene) => Verdict };

/** How a look-up of something hidden or absent ends, and asking without a right. */
export type Manners = {
  hidden?: Verdict;
  lacking?: Verdict;
  /** Where an id that is none is told apart from an absent one. */
  malformed?: Verdict;
  anonymous?: Verdict;
  /** Asking about nothing in a tenant of one's own is fine: the answer is "none". */
  absentIsFine?: boolean;
};

/** Nobody is signed in, and that is fine. */
export const everybody: Room = { name: 'public', judge: () => 'allowed' };

/** Anyone who has got the object sees this of it. */
export const withParent: Room = { name: 'with its parent', judge: () => 'allowed' };

/** Anybody who is signed in. */
export const signedIn: Room = {
  name: 'signed in',
  judge: ({ caller }) => (caller === 'anonymous' ? 'UNAUTHENTICATED' : 'allowed'),
};

/** Anybody who is signed in as a person. */
export const people: Room = {
  name: 'people',
  judge: (scene) => (scene.caller === 'key' ? 'FORBIDDEN' : signedIn.judge(scene)),
};

/** What is about the caller alone; nothing for nobody. */
export const viewer: Room = {
  name: 'signed in',
  judge: ({ caller }) => (caller === 'anonymous' ? 'null' : 'allowed'),
};

/** Platform administrators only. */
export const platform: Room = {
  name: 'platform',
  judge: ({ caller }) => {
    if (caller === 'anonymous') return 'UNAUTHENTICATED';
    return caller === 'platformAdmin' ? 'allowed' : 'FORBIDDEN';
  },
};

const lookUp: Manners = { hidden: 'null', lacking: 'null', anonymous: 'null' };

/** A look-up by id in the tenant that holds it: null unless the caller has the permission there. */
export function found(permission: Permission | null): Room {
  return inTenant(permission, lookUp);
}

/** A tenant's own: for its members with the permission, and platform administrators. */
export function inTenant(permission: Permission | null, manners: Manners = {}): Room {
  const hidden = manners.hidden ?? 'NOT_FOUND';
  const absent = manners.absentIsFine ? 'allowed' : hidden;
  return {
    name: permission ? `tenant (${permission})` : 'tenant',
    judge: (scene) => {
      const standing = getStanding(scene);
      if (standing === 'anonymous') return manners.anonymous ?? 'UNAUTHENTICATED';
      if (standing === 'outsider') return hidden;
      const isLacking = permission !== null && !listRights(scene.caller).has(permission);
      if (standing === 'insider' && isLacking) return manners.lacking ?? 'FORBIDDEN';
      return isThere(scene) ? 'allowed' : absent;
    },
  };
}

/** The person's own, and for platform administrators. */
export function selfOrPlatform(manners: Manners = {}): Room {
  return {
    name: 'self or platform',
    judge: (scene) => {
      const { caller, target } = scene;
      if (isSelf(scene)) return 'allowed';
      if (caller === 'anonymous') return manners.anonymous ?? 'UNAUTHENTICATED';
      if (target === 'malformed' && manners.malformed) return manners.malformed;
      if (caller !== 'platformAdmin') return manners.lacking ?? 'FORBIDDEN';
      return isThere(scene) ? 'allowed' : (manners.hidden ?? 'NOT_FOUND');
    },
  };
}

/** The object is there, or there is none to see: decided by the object and not by the caller. */
export function onlyWhere(name: string, holds: (scene: Scene) => boolean): Room {
  return { name, judge: (scene) => (holds(scene) ? 'allowed' : 'null') };
}

/** The person that is looked at is the caller. */
export function isSelf({ caller, target, subject }: Scene): boolean {
  if (subject.person === 'caller') return true;
  const isOwner = caller === 'owner' || caller === 'stranger';
  return subject.person === 'owner' && isOwner && target === 'own';
}
