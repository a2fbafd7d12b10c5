import { ownerRoleKey } from '../../core/access/permissions.ts';
import type { Membership } from '../../core/entities.ts';

/** Lists the permissions that the roles of a membership grant together, sorted. */
export function listPermissions(membership: Pick<Membership, 'roles'>): string[] {
  return [...new Set(membership.roles.flatMap(({ permissions }) => permissions))].sort();
}

export function isOwner(membership: Pick<Membership, 'roles' | 'isActive'>): boolean {
  return membership.isActive && membership.roles.some(({ key }) => key === ownerRoleKey);
}
