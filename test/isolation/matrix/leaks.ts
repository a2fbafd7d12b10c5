import { type Ids, lookalikes, type Target } from './attempt.ts';
import type { WireResponse } from './call.ts';
import type { Caller } from './callers.ts';
import type { Operation } from './document.ts';
import { listForbiddenMarkers, listForeignMarkers } from './markers.ts';

/** A call and its response. */
export type Exchange = { caller: Caller; operation: Operation; response: WireResponse };

/**
 * Markers in the response that the caller must not read: those of other tenants and, unless the database
 * stands alone, those of their own tenant that need a permission they lack.
 */
export function findLeaks(
  { caller, operation, response }: Exchange,
  { trustsDatabaseAlone }: { trustsDatabaseAlone: boolean },
): string[] {
  const closed = trustsDatabaseAlone ? [] : listForbiddenMarkers(caller);
  return [...listForeignMarkers(caller), ...closed]
    .filter((marker) => response.text.includes(marker))
    .map((marker) => `shows ${marker}: ${describeCall(operation, response)}`);
}

/** Foreign and absent must have the same status, the same bytes and the same number of statements. */
export function findDifferences(
  caller: Caller,
  responses: ReadonlyMap<Target, WireResponse>,
): string[] {
  if (caller === 'platformAdmin') return [];
  return Object.entries(lookalikes).flatMap(([target, like]) => {
    const one = responses.get(target as Target);
    const other = responses.get(like);
    if (!one || !other || JSON.stringify(one) === JSON.stringify(other)) return [];
    return [`${caller}: ${target} and ${like} differ: ${JSON.stringify([one, other])}`];
  });
}

/** The response without the ids that were sent and without the request id. */
export function withoutEcho(response: WireResponse, ids: Ids): WireResponse {
  const text = Object.entries(ids).reduce(
    (rest, [key, id]) => (id === '' ? rest : rest.replaceAll(id, `<${key}>`)),
    response.text.replace(/"requestId":"[^"]*"/g, '"requestId":""'),
  );
  return { ...response, text };
}

/** A call and its response in one line. */
export function describeCall(
  { query, variables }: Operation,
  { status, text }: WireResponse,
): string {
  return `${query} ${JSON.stringify(variables)} → ${status} ${text}`;
}
