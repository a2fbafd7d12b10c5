import http from 'k6/http';
import { Rate } from 'k6/metrics';
import { settings } from './settings.ts';

/** One for each answer, tagged with its operation: 1 for every answer that is not the expected one. */
export const operationFailures = new Rate('operation_failures');

export type Question = {
  /** The tag that thresholds go by. */
  operation: string;
  document: string;
  variables?: Record<string, unknown>;
  token?: string;
};

/** A result; `data` is null for a failure, which is counted already. */
export type Answer<Data> = { data: Data | null; response: http.Response };

/** Faults that a virtual user still prints; after that it only counts. */
let faultsToPrint = 3;

/**
 * Asks once. GraphQL says most of what goes wrong with status 200, so the body is read: `errors`, a
 * error in place of the success, or data that `isExpected` does not take are failures.
 */
export function ask<Data>(
  { operation, document, variables, token }: Question,
  isExpected: (data: Data) => boolean,
): Answer<Data> {
  const response = http.post(settings.url, JSON.stringify({ query: document, variables }), {
    headers: {
      'content-type': 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    tags: { operation, name: operation },
  });
  const { data, fault } = judge(response, isExpected);
  operationFailures.add(fault !== null, { operation });
  if (fault !== null && faultsToPrint > 0) {
    faultsToPrint -= 1;
    console.error(`${operation}: ${fault}`);
  }
  return { data: fault === null ? data : null, response };
}

/** The same for what a run cannot go on without. Throws where the answer is a failure. */
export function askOrThrow<Data>(question: Question): Data {
  const { data, response } = ask<Data>(question, () => true);
  if (data !== null) return data;
  throw new Error(`${question.operation} failed with status ${response.status}: ${settings.url}`);
}

type Body = { data?: unknown; errors?: { message: string; extensions?: { code?: string } }[] };
type Judgement<Data> = { data: Data | null; fault: string | null };

function judge<Data>(
  response: http.Response,
  isExpected: (data: Data) => boolean,
): Judgement<Data> {
  const failed = (fault: string) => ({ data: null, fault });
  if (response.status !== 200) {
    return failed(`status ${response.status} ${response.error || String(response.body)}`);
  }
  const { data, errors } = JSON.parse(String(response.body)) as Body;
  if (errors) return failed(errors.map(({ message }) => message).join('; '));
  if (typeof data !== 'object' || data === null) return failed('an answer without data');
  const rejection = findRejection(data);
  if (rejection !== null) return failed(rejection);
  if (!isExpected(data as Data)) return failed('the data is not what was expected');
  return { data: data as Data, fault: null };
}

/** Every document asks of errors for `code` and `message`; no success has both at its top. */
function findRejection(data: object): string | null {
  for (const [field, value] of Object.entries(data)) {
    if (value?.code && value.message)
      return `${field} was refused, ${value.code}: ${value.message}`;
  }
  return null;
}
