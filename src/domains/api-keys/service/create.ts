import { authorize, requirePermission } from '../../../core/access/authorize.ts';
import { findUngrantable } from '../../../core/access/grants.ts';
import { permission } from '../../../core/access/permissions.ts';
import { getTenantScope } from '../../../core/access/scopes.ts';
import {
  ConflictError,
  createNotFound,
  ForbiddenError,
  InvalidInputError,
} from '../../../core/app-error.ts';
import { recordAudit } from '../../../core/audit.ts';
import { type Ctx, getSignedIn } from '../../../core/context.ts';
import type { ApiKey } from '../../../core/entities.ts';
import { type IdempotentInput, transactOnce } from '../../../core/idempotency.ts';
import { checkText } from '../../../core/input.ts';
import type { Db } from '../../../db/database.ts';
import { listRightsOf } from '../../roles/queries.ts';
import { holdOwnSession } from '../../sessions/service/hold.ts';
import { lockTenant } from '../../tenants/queries.ts';
import { requireCapacity } from '../../tenants/service/settings.ts';
import * as queries from '../queries.ts';
import {
  apiKeyNameMax,
  checkKeyPermissions,
  checkOverlap,
  getLifetimeSeconds,
  lifetimeDefaultSeconds,
  lifetimeMaxSeconds,
} from '../rules.ts';
import { createApiKeyToken } from '../token.ts';

const manageKeys = permission('api-keys:manage');

/** A key that was just made; the secret is shown once and stored nowhere. */
export type CreatedApiKey = { apiKey: ApiKey; secret: string };

/** A key by its id, which names its tenant. */
export type ApiKeyRef = { id: string; tenantId: string };

export type CreateApiKeyInput = IdempotentInput & {
  tenantId: string;
  name: string;
  permissions: readonly string[];
  /** 90 days from now if left out, 365 at most. */
  expiresAt?: Date | null | undefined;
  /** Whose rights bound the key, where an operator makes it; everybody else makes their own. */
  creatorId?: string;
};

/**
 * Makes a key that may do these things in the tenant as long as its creator may. Needs api-keys:manage as
 * a member of the tenant, and every permission that the key is to have. Throws InvalidInputError,
 * NotFoundError, ForbiddenError, LimitReachedError; for an idempotency key see transactOnce().
 */
export async function createApiKey(ctx: Ctx, input: CreateApiKeyInput): Promise<CreatedApiKey> {
  const { tenantId } = input;
  const creatorId = getCreatorId(ctx, input.creatorId);
  await authorize(ctx, { id: tenantId }, manageKeys);
  const fields = {
    name: checkText('name', input.name, apiKeyNameMax),
    permissions: checkKeyPermissions(input.permissions),
    expiresAt: input.expiresAt ?? null,
    lifetimeSeconds: lifetimeDefaultSeconds,
  };
  const once = { mutation: 'createApiKey', input, scope: getTenantScope(ctx, tenantId) };
  return await transactOnce(ctx, once, async (tx) => {
    await checkExpiry(tx, fields.expiresAt);
    await holdOwnSession(ctx, tx);
    await lockTenant(tx, tenantId);
    requireGrantable(await getRights(ctx, tx, { tenantId, creatorId }), fields.permissions);
    return await makeKey(ctx, tx, { tenantId, createdBy: creatorId, ...fields });
  });
}

export type RotateApiKeyInput = IdempotentInput & {
  apiKey: ApiKeyRef;
  /** How long the old key goes on, 0 to 86,400; not at all if left out. */
  overlapSeconds?: number | null | undefined;
  /** If left out, as long from now as the old key was made for. */
  expiresAt?: Date | null | undefined;
};

/**
 * Replaces a key by one with the same name and permissions, which is the caller's; the old one ends after
 * the overlap. Needs api-keys:manage as a member, and every permission of the key. Throws
 * InvalidInputError, NotFoundError, ForbiddenError, ConflictError (has ended), LimitReachedError; for an
 * idempotency key see transactOnce().
 */
export async function rotateApiKey(ctx: Ctx, input: RotateApiKeyInput): Promise<CreatedApiKey> {
  const { tenantId } = input.apiKey;
  const creatorId = getCreatorId(ctx);
  const overlapSeconds = checkOverlap(input.overlapSeconds);
  const expiresAt = input.expiresAt ?? null;
  await authorize(ctx, { id: tenantId }, manageKeys, 'API key');
  const once = { mutation: 'rotateApiKey', input, scope: getTenantScope(ctx, tenantId) };
  return await transactOnce(ctx, once, async (tx) => {
    await checkExpiry(tx, expiresAt);
    await holdOwnSession(ctx, tx);
    await lockTenant(tx, tenantId);
    const rights = await getRights(ctx, tx, { tenantId, creatorId });
    const old = await queries.findApiKey(tx, input.apiKey);
    if (!old) throw createNotFound('API key');
    const { name, permissions } = old;
    requireGrantable(rights, permissions);
    // Before the new one is made, so that replacing a key at once needs no room for two.
    const ended = await endReplaced(tx, old, overlapSeconds);
    const made = await makeKey(ctx, tx, {
      tenantId,
      createdBy: creatorId,
      name,
      permissions,
      expiresAt,
      lifetimeSeconds: getLifetimeSeconds(old),
    });
    await recordAudit(ctx, tx, {
      action: 'api_key.rotated',
      tenantId,
      target: { type: 'ApiKey', id: old.id },
      changes: {
        expiresAt: [old.expiresAt, ended.revokedAt ?? ended.expiresAt],
        replacedBy: [null, made.apiKey.id],
      },
    });
    return made;
  });
}

async function endReplaced(
  tx: Db,
  old: ApiKey & { isOpen: boolean },
  overlapSeconds: number,
): Promise<ApiKey> {
  const end = overlapSeconds > 0 ? queries.expireApiKey : queries.revokeApiKey;
  const ended = old.isOpen ? await end(tx, old, overlapSeconds) : null;
  if (!ended) throw new ConflictError('This key is revoked or expired; create a new one.');
  return ended;
}

/**
 * In whose name a key is made: a person's who has signed in itself, or any that an operator names. Throws
 * UnauthenticatedError, ForbiddenError.
 */
function getCreatorId(ctx: Ctx, namedId?: string): string {
  if (ctx.principal.kind === 'operator' && namedId) return namedId;
  const { user, session } = getSignedIn(ctx);
  if (session.impersonatorId === null) return user.id;
  throw new ForbiddenError('API keys cannot be created while impersonating.');
}

/**
 * What the creator may do as a member and by nothing else, since a key is never more than a member's.
 * Throws ForbiddenError for who may not manage keys.
 */
async function getRights(
  ctx: Ctx,
  tx: Db,
  { tenantId, creatorId }: { tenantId: string; creatorId: string },
): Promise<ReadonlySet<string>> {
  const rights = new Set(await listRightsOf(tx, tenantId, creatorId));
  if (ctx.principal.kind !== 'operator') requirePermission(rights, manageKeys);
  return rights;
}

/** Nobody gives a key what they do not have. Throws ForbiddenError. */
function requireGrantable(rights: ReadonlySet<string>, permissions: readonly string[]): void {
  const missing = findUngrantable(rights, [{ permissions }]);
  if (missing === null) return;
  throw new ForbiddenError(`The key cannot have "${missing}", which its creator does not have.`, [
    'permissions',
  ]);
}

/** By the database's clock, like everything about expiry. Throws InvalidInputError. */
async function checkExpiry(tx: Db, expiresAt: Date | null): Promise<void> {
  if (expiresAt === null) return;
  const { isAhead, isNear } = await queries.comparePlannedEnd(tx, expiresAt, lifetimeMaxSeconds);
  if (isAhead && isNear) return;
  throw new InvalidInputError('"expiresAt" must be in the future, by at most 365 days.', [
    'expiresAt',
  ]);
}

type KeyFields = Omit<queries.NewApiKey, 'tokenHash' | 'hint'>;

/** Creates a key and records it in the audit log, without the secret. Throws LimitReachedError. */
async function makeKey(ctx: Ctx, tx: Db, fields: KeyFields): Promise<CreatedApiKey> {
  await requireCapacity(tx, fields.tenantId, 'apiKeys');
  const { secret, ...stored } = createApiKeyToken(ctx.runtime.apiKeys.prefix);
  const apiKey = await queries.createApiKey(tx, { ...fields, ...stored });
  const { id, tenantId, name, permissions, expiresAt } = apiKey;
  await recordAudit(ctx, tx, {
    action: 'api_key.created',
    tenantId,
    target: { type: 'ApiKey', id },
    changes: { name: [null, name], permissions: [null, permissions], expiresAt: [null, expiresAt] },
  });
  return { apiKey, secret };
}
