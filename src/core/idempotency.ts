import { timingSafeEqual } from 'node:crypto';
import type { Db } from '../db/database.ts';
import type { Scope } from '../db/scope.ts';
import { toCanonicalJson } from '../lib/canonical-json.ts';
import { parseDated, stringifyDated } from '../lib/dated-json.ts';
import type { ResponseSlot } from '../lib/response-slot.ts';
import { ConflictError, InvalidInputError } from './app-error.ts';
import { type Ctx, findActorId, getAuthenticated } from './context.ts';

/** The part of every creating mutation's input. */
export type IdempotentInput = { idempotencyKey?: string | null | undefined };

/** An idempotent creation. */
export type Once = {
  /** The name in the API; keys are separate per mutation. */
  mutation: string;
  /** The client's input; it must be the same whenever the key is reused. */
  input: IdempotentInput;
  scope: Scope;
  /**
   * The id of the created user, if the caller is anonymous: the key then works for anyone who knows it and the whole
   * input.
   */
  newUserId?: string;
};

/**
 * Runs a transaction once per `input.idempotencyKey`. For 24 hours, by the database's clock, a further call with the
 * same key and input returns the first result and does nothing else, in any process and session. Without a key it
 * is a plain transaction.
 *
 * The result of `work` (plain values and dates) is stored in the same transaction, so a failed call leaves no trace.
 * A call waits for a running one with the same key, holding a connection, for at most the lock timeout of the pool.
 * Call it after authorization: the stored result was once shown to this caller.
 *
 * @throws the errors of `work`, InvalidInputError for a malformed key or one reused with other input, ConflictError if
 * the first call is still running
 */
export async function transactOnce<Result extends object>(
  ctx: Ctx,
  once: Once,
  work: (tx: Db) => Promise<Result>,
): Promise<Result> {
  const { idempotencyKey: key, ...input } = once.input;
  if (key == null) return await ctx.db.transaction(once.scope, work);
  checkKey(key);
  const slot = ctx.runtime.responseSlots(
    JSON.stringify([once.mutation, identifyCaller(ctx, once), key]),
  );
  const fingerprint = slot.fingerprint(toCanonicalJson(input));
  return await ctx.db.transaction(once.scope, async (tx) => {
    // First, so that no call waits here while it holds a lock that the running one needs.
    const known = await claimSlot(tx, slot, fingerprint);
    if (known !== null) return known as Result;
    const result = await work(tx);
    const sealed = slot.sealer.seal(stringifyDated(result));
    await tx.$queryRaw`
      select remember_answer(${slot.id}, ${getOwnerId(ctx, once)}::uuid, ${fingerprint},
        ${sealed})::text`;
    return result;
  });
}

/** Printable ASCII, which proxies, logs and headers leave unchanged. */
const keyForm = /^[\x20-\x7e]{1,255}$/;

function checkKey(key: string): void {
  if (keyForm.test(key)) return;
  throw createKeyError('"idempotencyKey" must be 1 to 255 printable ASCII characters.');
}

/**
 * Identifies the owner of a key: a user across all their sessions, but neither an impersonator nor an API key of
 * theirs.
 */
function identifyCaller(ctx: Ctx, { newUserId }: Once): (string | null)[] {
  if (newUserId !== undefined) return ['anybody'];
  const principal = getAuthenticated(ctx);
  if (principal.kind === 'apiKey') return ['apiKey', principal.apiKey.id];
  if (principal.kind === 'operator') return ['operator'];
  return ['user', principal.user.id, principal.session.impersonatorId];
}

function getOwnerId(ctx: Ctx, { newUserId }: Once): string {
  const ownerId = newUserId ?? findActorId(ctx);
  if (ownerId === null) throw new Error('A stored response needs a user.');
  return ownerId;
}

type Claim = {
  isClaimed: boolean;
  fingerprint: Uint8Array | null;
  sealedResult: Uint8Array | null;
};

/** Returns the stored result, or null once the slot is claimed for this call. */
async function claimSlot(
  tx: Db,
  slot: ResponseSlot,
  fingerprint: Uint8Array,
): Promise<object | null> {
  const [claim] = await tx.$queryRaw<[Claim]>`
    select is_claimed as "isClaimed", fingerprint, sealed_answer as "sealedResult"
    from claim_answer(${slot.id})`;
  if (!claim.isClaimed) {
    throw new ConflictError('The first request with this key is still running.', [field]);
  }
  if (claim.fingerprint === null || claim.sealedResult === null) return null;
  if (!timingSafeEqual(claim.fingerprint, fingerprint)) {
    throw createKeyError('This key was already used with different input; use a new one.');
  }
  const result = slot.sealer.open(claim.sealedResult);
  if (result === null) throw new Error('A stored response was changed in the database.');
  return parseDated(result);
}

const field = 'idempotencyKey';

function createKeyError(message: string): InvalidInputError {
  return new InvalidInputError(message, [field]);
}
