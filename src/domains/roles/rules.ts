import { InvalidInputError } from '../../core/app-error.ts';
import type { Role } from '../../core/entities.ts';
import { trimCode } from '../../lib/blanks.ts';

/** Pure rules about roles; nothing here touches the database. */

/** As the constraint roles_key_form of the database. */
export const roleKeyPattern = /^[a-z][a-z0-9_-]{0,49}$/;
export const roleNameMax = 100;
export const roleDescriptionMax = 500;

/** Most roles of one member, and of one invitation. */
export const rolesPerMemberMax = 20;

/** The roles with these keys, each once. Throws InvalidInputError for a key that no role of the tenant has. */
export function findRolesByKey(roles: readonly Role[], keys: readonly string[]): Role[] {
  return [...new Set(keys.map(trimCode))].map((key) => {
    const role = roles.find((candidate) => candidate.key === key);
    if (!role) throw new InvalidInputError('No role has this key.', ['roleKeys']);
    return role;
  });
}
