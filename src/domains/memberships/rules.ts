import { ownerRoleKey } from '../../core/access/permissions.ts';
import type { Membership } from '../../core/entities.ts';

/** Permissions of the roles of a membership; core/access/grants.ts decides who may change whom. */

/** All permissions that a membership's roles give together. */
export function listPermissions(membership: Pick<Membership, 'roles'>): string[] {
  return [...new Set(membership.roles.flatMap(({ permissions }) => permissions))].sort();
}

export function isOwner(membership: Pick<Membership, 'roles' | 'isActive'>): boolean {
  return membership.isActive && membership.roles.some(({ key }) => key === ownerRoleKey);
}
