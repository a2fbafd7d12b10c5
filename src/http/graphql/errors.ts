import { type ExecutionResult, GraphQLError } from 'graphql';
import { AppError, UnavailableError } from '../../core/app-error.ts';
import { listLogIds, type ObservedRequest, recordErrorCode } from '../../core/request-telemetry.ts';
import type { Logger } from '../../observability/logger.ts';

/** All that a caller reads of a fault of ours. */
export const maskedMessage = 'Something went wrong on our side.';

/** Of an overload one line in this time: a line for each error would be load of its own. Metrics count them. */
const overloadLogMs = 10_000;

/** Turns the errors of a result into what the caller may read; applied once, at the very end. */
export type MaskErrors = (result: ExecutionResult, request: ObservedRequest) => ExecutionResult;

/**
 * The one place that decides what of an error is shown. A named error (AppError) shows its
 * message and code; what the client's document or variables got wrong is shown as GraphQL says it;
 * anything else is logged whole under the request id and shown masked with that id. Also decides
 * the HTTP status where Yoga's own rule (by the errors' `extensions.http`) is not enough.
 */
export function createErrorMasking(options: { log: Logger; hasSuggestions: boolean }): MaskErrors {
  const { log } = options;
  const mayTellOverload = createRarely(overloadLogMs);
  return (result, request) => {
    if (result.errors === undefined) return result;
    const logged = new Set<unknown>();
    const logOnce = (cause: unknown, level: 'error' | 'warn', message: string) => {
      if (cause instanceof UnavailableError && cause.isOverload && !mayTellOverload()) return;
      if (!logged.has(cause)) log[level]({ err: cause, ...listLogIds(request) }, message);
      logged.add(cause);
    };
    const errors = listOrCutOff(result.errors, result);
    const shown = errors.map((error) => showError(error, request.id, logOnce));
    for (const { extensions } of shown) recordErrorCode(request.telemetry, String(extensions.code));
    return withHttpStatus({
      ...result,
      errors: options.hasSuggestions ? shown : shown.map(withoutSuggestion),
    });
  };
}

/** True at most once in so many milliseconds. */
function createRarely(milliseconds: number): () => boolean {
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - last < milliseconds) return false;
    last = now;
    return true;
  };
}

/** The errors of a result for something thrown instead of returned; none for an abort, as Yoga. */
export function listErrors(thrown: unknown): GraphQLError[] {
  if (thrown instanceof GraphQLError) return [thrown];
  if (thrown instanceof DOMException && thrown.name === 'AbortError') return [];
  const originalError = thrown instanceof Error ? thrown : new Error(String(thrown));
  return [new GraphQLError(originalError.message, { originalError })];
}

/** An aborted operation arrives as a result with neither errors nor data. */
function listOrCutOff(errors: readonly GraphQLError[], result: ExecutionResult) {
  if (errors.length > 0 || 'data' in result) return errors;
  return [new GraphQLError('The request was aborted.', { extensions: { code: 'UNAVAILABLE' } })];
}

type LogOnce = (cause: unknown, level: 'error' | 'warn', message: string) => void;

function showError(error: GraphQLError, requestId: string, logOnce: LogOnce): GraphQLError {
  const cause = findCause(error);
  if (cause instanceof AppError) {
    // Errors are everyday life, but this one hides a fault that somebody should hear of.
    if (cause instanceof UnavailableError)
      logOnce(cause, 'warn', 'request rejected as unavailable');
    return showRejection(error, cause);
  }
  if (cause instanceof GraphQLError && isFaultOfClient(error)) {
    return error.extensions.code ? error : showBadInput(error);
  }
  logOnce(cause, 'error', 'unexpected error');
  return copyError(error, maskedMessage, { code: 'INTERNAL', requestId, unexpected: true });
}

/** The original error, without the layers that GraphQL wraps around it. */
function findCause(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}

/**
 * Documents, parameters and variables are judged before execution and so have no path. While
 * executing only an argument can still be the client's fault; any other error of GraphQL's own
 * (a value that its type cannot represent) is ours.
 */
function isFaultOfClient(error: GraphQLError): boolean {
  if (!(error instanceof GraphQLError) || error.extensions.unexpected) return false;
  return (
    error.path === undefined ||
    error.extensions.code !== undefined ||
    error.message.startsWith('Argument "')
  );
}

/** The executor still makes suggestions for the values of variables. */
function withoutSuggestion(error: GraphQLError): GraphQLError {
  const message = error.message.replace(/ Did you mean .*$/s, '');
  return message === error.message ? error : copyError(error, message, error.extensions);
}

function showRejection(error: GraphQLError, rejection: AppError): GraphQLError {
  const seconds = getRetryAfterSeconds(rejection);
  return copyError(error, rejection.message, {
    code: rejection.code,
    ...(rejection.inputPath === null ? {} : { path: rejection.inputPath }),
    ...(seconds === null ? {} : { retryAfterSeconds: seconds }),
    ...('reason' in rejection && rejection.reason !== null ? { reason: rejection.reason } : {}),
  });
}

function getRetryAfterSeconds(rejection: AppError): number | null {
  const seconds =
    'retryAfterSeconds' in rejection ? Number(rejection.retryAfterSeconds) : Number.NaN;
  return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : null;
}

/**
 * Variables and arguments that do not fit their types come without a code. `spec` makes Yoga treat
 * them like validation: 400, but 200 for clients that know only application/json.
 */
function showBadInput(error: GraphQLError): GraphQLError {
  const { http } = error.extensions;
  return copyError(error, error.message, {
    ...error.extensions,
    code: 'BAD_USER_INPUT',
    ...(http === undefined ? {} : { http: { ...http, spec: true } }),
  });
}

/** Errors of cached documents are shared between requests, so they are copied, never changed. */
function copyError(
  error: GraphQLError,
  message: string,
  extensions: Record<string, unknown>,
): GraphQLError {
  // An error that brings a list `path` of its own is not located by graphql-js but passed on as it
  // is, and that path is not one in the response.
  if (!(error instanceof GraphQLError)) return new GraphQLError(message, { extensions });
  const { nodes = null, source = null, positions = null, path = null } = error;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}

/** Codes that deserve a status of their own when the operation did not get to run at all. */
const statusByCode: Record<string, number> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
};

function withHttpStatus(result: ExecutionResult): ExecutionResult {
  const codes = new Set(result.errors?.map((error) => error.extensions.code));
  const [code] = codes;
  if (codes.size !== 1 || typeof code !== 'string') return result;
  const status = statusByCode[code];
  const isAlone = code === 'UNAVAILABLE' ? isEmpty(result.data) : !('data' in result);
  if (status === undefined || !isAlone) return result;
  const seconds = result.errors?.map((error) => Number(error.extensions.retryAfterSeconds ?? 0));
  const retryAfter = Math.max(0, ...(seconds ?? []));
  const headers = retryAfter > 0 ? { 'retry-after': String(retryAfter) } : {};
  return { ...result, extensions: { ...result.extensions, http: { status, headers } } };
}

function isEmpty(data: ExecutionResult['data']): boolean {
  return !data || Object.values(data).every((value) => value === null);
}
