import type { Membership, Role } from '../../core/records.ts';

/** Pure decisions about who may change whom; nothing here touches the database. */

/** The key of the built-in role that every tenant must have somebody in. */
export const ownerRoleKey = 'owner';

/** All permissions that a membership's roles give together. */
export function listPermissions(membership: Pick<Membership, 'roles'>): string[] {
  return [...new Set(membership.roles.flatMap(({ permissions }) => permissions))].sort();
}

export function isOwner(membership: Pick<Membership, 'roles' | 'isActive'>): boolean {
  return membership.isActive && membership.roles.some(({ key }) => key === ownerRoleKey);
}

/**
 * True when somebody with `actor` permissions may change a member with `target` permissions: an
 * owner may change anybody, others only those who can do strictly less.
 */
export function mayManage(actor: ReadonlySet<string>, target: readonly string[]): boolean {
  if (actor.has('tenant:own')) return true;
  const rights = new Set(target);
  return rights.size < actor.size && [...rights].every((permission) => actor.has(permission));
}

/** The first permission of the roles that the actor lacks and therefore may not give; or null. */
export function findUngrantable(
  actor: ReadonlySet<string>,
  roles: readonly Pick<Role, 'permissions'>[],
): string | null {
  const granted = roles.flatMap(({ permissions }) => permissions);
  return granted.find((permission) => !actor.has(permission)) ?? null;
}
