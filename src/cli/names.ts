import { NotFoundError } from '../core/app-error.ts';
import type { Ctx } from '../core/context.ts';
import type { Tenant, User } from '../core/entities.ts';
import { findTenant } from '../domains/tenants/service.ts';
import { findUser } from '../domains/users/service.ts';
import { parseIdOf } from '../graphql/ids.ts';

/**
 * Finds objects as they are named on the command line: a tenant by slug, a user by e-mail address, both by API id.
 * No id is a valid slug or address, so names are unambiguous.
 */

/** A tenant by slug or id. Throws NotFoundError. */
export async function getTenant(ctx: Ctx, name: string): Promise<Tenant> {
  const key = parseIdOf('Tenant', name);
  const tenant = await findTenant(ctx, key ? { id: key.id } : { slug: name });
  if (tenant === null) throw new NotFoundError(`There is no tenant ${JSON.stringify(name)}.`);
  return tenant;
}

/** A user by e-mail address or id. Throws NotFoundError, InvalidInputError. */
export async function getUser(ctx: Ctx, name: string): Promise<User> {
  const key = parseIdOf('User', name);
  const user = await findUser(ctx, key ? { id: key.id } : { email: name });
  if (user === null) throw new NotFoundError(`There is no user ${JSON.stringify(name)}.`);
  return user;
}
