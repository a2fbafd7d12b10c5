import type { WireAnswer } from './call.ts';
import type { Caller } from './callers.ts';
import { listClosedWords, listForeignWords } from './canaries.ts';
import type { Operation } from './document.ts';
import { type Ids, lookalikes, type Target } from './scene.ts';

/** A call that was made, with its answer. */
export type Exchange = { caller: Caller; operation: Operation; answer: WireAnswer };

/**
 * Texts in an answer that the caller must not read: those of tenants where it does not belong and,
 * where the services' own checks stand, those of its own tenant that it has no permission for.
 */
export function findLeaks(
  { caller, operation, answer }: Exchange,
  { trustsDatabaseAlone }: { trustsDatabaseAlone: boolean },
): string[] {
  const closed = trustsDatabaseAlone ? [] : listClosedWords(caller);
  return [...listForeignWords(caller), ...closed]
    .filter((word) => answer.text.includes(word))
    .map((word) => `shows ${word}: ${describeCall(operation, answer)}`);
}

/** Foreign and absent must be the same: the status, every byte, and the number of statements. */
export function findDifferences(
  caller: Caller,
  answers: ReadonlyMap<Target, WireAnswer>,
): string[] {
  if (caller === 'platformAdmin') return [];
  return Object.entries(lookalikes).flatMap(([target, like]) => {
    const one = answers.get(target as Target);
    const other = answers.get(like);
    if (!one || !other || JSON.stringify(one) === JSON.stringify(other)) return [];
    return [`${caller}: ${target} and ${like} differ: ${JSON.stringify([one, other])}`];
  });
}

/** An answer that repeats what was asked, without the ids that were sent and that of the request. */
export function withoutEcho(answer: WireAnswer, ids: Ids): WireAnswer {
  const text = Object.entries(ids).reduce(
    (rest, [key, id]) => (id === '' ? rest : rest.replaceAll(id, `<${key}>`)),
    answer.text.replace(/"requestId":"[^"]*"/g, '"requestId":""'),
  );
  return { ...answer, text };
}

/** A call and its answer in one line. */
export function describeCall(
  { query, variables }: Operation,
  { status, text }: WireAnswer,
): string {
  return `${query} ${JSON.stringify(variables)} → ${status} ${text}`;
}
