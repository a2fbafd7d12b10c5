import { ForbiddenError } from '../app-error.ts';
import type { Role } from '../entities.ts';
import { permission } from './permissions.ts';

const ownTenant = permission('tenant:own');

/**
 * Whether an actor may change a member or role with the `target` permissions: an owner may change all, others only
 * those with strictly fewer permissions than their own.
 */
export function mayManage(actor: ReadonlySet<string>, target: readonly string[]): boolean {
  if (actor.has(ownTenant)) return true;
  const permissions = new Set(target);
  return (
    permissions.size < actor.size && [...permissions].every((permission) => actor.has(permission))
  );
}

/** Returns the first permission of the roles that the actor lacks and so cannot grant; or null. */
export function findUngrantable(
  actor: ReadonlySet<string>,
  roles: readonly Pick<Role, 'permissions'>[],
): string | null {
  const granted = roles.flatMap(({ permissions }) => permissions);
  return granted.find((permission) => !actor.has(permission)) ?? null;
}

/** @throws ForbiddenError, at `path` of the input, for roles that grant more than the actor has */
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
