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

/** A creation that is to happen once. */
export type Once = {
  /** As in the API: the same key of another mutation is another key. */
  mutation: string;
  /** As the client gave it: with the same key it must be the same again. */
  input: IdempotentInput;
  scope: Scope;
  /**
   * The id of the user that is created, where the caller is nobody yet: the key is then anybody's who
   * knows it and all of the input.
   */
  newUserId?: string;
};

/**
 * A transaction that creates something once per `input.idempotencyKey`: a second call with the same
 * key and input returns what the first one did, for 24 hours by the database's clock, whichever
 * process and session it comes to, and does nothing else. Without a key it is a plain transaction.
 *
 * The answer, which is what `work` returns (records, texts, dates), is kept in the transaction that it
 * reports: both or neither. So a first call that was refused or failed leaves no trace. One that is
 * still at work is waited for, which takes a connection and at most the lock timeout of the pool.
 * To be called after the caller was authorised, since what is answered again was once shown to it.
 *
 * Throws what `work` throws, InvalidInputError for a key that is malformed or came with another input
 * before, ConflictError where the first call is still at work.
 */
export async function transactOnce<Answer extends object>(
  ctx: Ctx,
  once: Once,
  work: (tx: Db) => Promise<Answer>,
): Promise<Answer> {
  const { idempotencyKey: key, ...question } = once.input;
  if (key == null) return await ctx.db.transaction(once.scope, work);
  checkKey(key);
  const slot = ctx.runtime.responseSlots(
    JSON.stringify([once.mutation, nameCaller(ctx, once), key]),
  );
  const fingerprint = slot.fingerprint(toCanonicalJson(question));
  return await ctx.db.transaction(once.scope, async (tx) => {
    // First of all: nobody may wait for this while holding what the one before needs.
    const known = await claimSlot(tx, slot, fingerprint);
    if (known !== null) return known as Answer;
    const answer = await work(tx);
    const sealed = slot.sealer.seal(stringifyDated(answer));
    await tx.$queryRaw`
      select remember_answer(${slot.id}, ${getOwnerId(ctx, once)}::uuid, ${fingerprint},
        ${sealed})::text`;
    return answer;
  });
}

/** Printable ASCII, which no proxy, log or header changes. */
const keyForm = /^[\x20-\x7e]{1,255}$/;

function checkKey(key: string): void {
  if (keyForm.test(key)) return;
  throw createRejection('"idempotencyKey" must be 1 to 255 printable ASCII characters.');
}

/**
 * Who a key belongs to: a person across all of its sessions, but neither somebody acting in its name
 * nor a program with its rights.
 */
function nameCaller(ctx: Ctx, { newUserId }: Once): (string | null)[] {
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
  sealedAnswer: Uint8Array | null;
};

/** The answer that the slot holds, or null once it is ours to fill. */
async function claimSlot(
  tx: Db,
  slot: ResponseSlot,
  fingerprint: Uint8Array,
): Promise<object | null> {
  const [claim] = await tx.$queryRaw<[Claim]>`
    select is_claimed as "isClaimed", fingerprint, sealed_answer as "sealedAnswer"
    from claim_answer(${slot.id})`;
  if (!claim.isClaimed) {
    throw new ConflictError('The first request with this key is still running.', [field]);
  }
  if (claim.fingerprint === null || claim.sealedAnswer === null) return null;
  if (!timingSafeEqual(claim.fingerprint, fingerprint)) {
    throw createRejection('This key was already used with different input; use a new one.');
  }
  const answer = slot.sealer.open(claim.sealedAnswer);
  if (answer === null) throw new Error('A stored response was changed in the database.');
  return parseDated(answer);
}

const field = 'idempotencyKey';

function createRejection(message: string): InvalidInputError {
  return new InvalidInputError(message, [field]);
}
