import type { Reply } from '../connection.ts';

/** What is asked, and what its answer has to hold to be one. */
export type Request = {
  headers: Record<string, string>;
  body: string;
  /** This text, at least so many times. */
  expect: { text: string; times: number };
};

/** As requested; rejected as too expensive; or anything that may not happen. */
export type Outcome = 'good' | 'refused' | 'wrong';

const rejectionForm = /"code":"(?:RATE_LIMITED|UNAVAILABLE)"/;

/** An error in GraphQL's own form has status 200, so the body alone tells. Pure. */
export function judgeReply({ status, body }: Reply, { expect }: Request): Outcome {
  if (status === '503' || rejectionForm.test(body)) return 'refused';
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
