import { ForbiddenError } from '../app-error.ts';
import type { Role } from '../entities.ts';
import { permission } from './permissions.ts';

const ownTenant = permission('tenant:own');

/**
 * True when somebody with `actor` permissions may change what has `target` permissions (a member,
 * a role): an owner may change all, others only
 * what allows strictly less than they have.
 */
export function mayManage(actor: ReadonlySet<string>, target: readonly string[]): boolean {
  if (actor.has(ownTenant)) return true;
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

/** Throws ForbiddenError, at `path` of the input, for roles that grant more than the actor has. */
export function requireGrantable(
  actor: ReadonlySet<string>,
  roles: readonly Pick<Role, 'permissions'>[],
  path: readonly string[] | null = null,
): void {
  const missing = findUngrantable(actor, roles);
  if (missing === null) return;
  const message = `You cannot grant "${missing}", which you do not have.`;
  throw path === null ? new ForbiddenError(message) : new ForbiddenError(message, path);
}
