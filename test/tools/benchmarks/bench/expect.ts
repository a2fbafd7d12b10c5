import type { Reply } from '../connection.ts';

/** A request, and the text that a correct response contains. */
export type Request = {
  headers: Record<string, string>;
  body: string;
  /** A text and its minimum number of occurrences. */
  expect: { text: string; times: number };
};

/** As expected; rejected by load shedding or a rate limit; or anything else. */
export type Outcome = 'good' | 'rejected' | 'wrong';

const rejectionForm = /"code":"(?:RATE_LIMITED|UNAVAILABLE)"/;

/** GraphQL errors have status 200, so the body decides. Pure. */
export function checkResponse({ status, body }: Reply, { expect }: Request): Outcome {
  if (status === '503' || rejectionForm.test(body)) return 'rejected';
  const isGood =
    status === '200' &&
    body.startsWith('{"data":') &&
    !body.includes('"errors":') &&
    hasTimes(body, expect);
  return isGood ? 'good' : 'wrong';
}

function hasTimes(body: string, { text, times }: Request['expect']): boolean {
  let at = -1;
  for (let found = 0; found < times; found += 1) {
    at = body.indexOf(text, at + 1);
    if (at < 0) return false;
  }
  return true;
}
