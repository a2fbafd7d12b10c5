import { authorize } from '../../../core/access/authorize.ts';
import { permission } from '../../../core/access/permissions.ts';
import { getPlatformScope } from '../../../core/access/scopes.ts';
import { InvalidInputError } from '../../../core/app-error.ts';
import { type Ctx, requirePlatformAdmin } from '../../../core/context.ts';
import type { Tenant } from '../../../core/entities.ts';
import { findUser } from '../../users/service.ts';
import {
  type CreateTenantInput,
  checkNewTenant,
  createRecordedTenant,
  withSlugConflict,
} from '../service.ts';

const readTenant = permission('tenant:read');

export type CreateTenantForInput = CreateTenantInput & { ownerId: string };

/**
 * Creates a tenant that an existing, active user owns. Platform administrators and operators only.
 * @throws ForbiddenError, InvalidInputError if there is no such active user, ConflictError if the slug is taken
 */
export async function createTenantFor(ctx: Ctx, input: CreateTenantForInput): Promise<Tenant> {
  requirePlatformAdmin(ctx);
  const tenant = checkNewTenant(input, 'name', 'slug');
  const owner = await findUser(ctx, { id: input.ownerId });
  if (owner === null)
    throw new InvalidInputError('This user does not exist or is not visible to you.', ['owner']);
  if (owner.status !== 'active') {
    throw new InvalidInputError('A suspended user cannot own a new tenant.', ['owner']);
  }
  await withSlugConflict('slug', () =>
    ctx.db.transaction(getPlatformScope(ctx), (tx) =>
      createRecordedTenant(ctx, tx, owner.id, tenant),
    ),
  );
  const access = await authorize(ctx, { id: tenant.id }, readTenant);
  return access.tenant;
}
