import { type ExecutionResult, GraphQLError } from 'graphql';
import { AppError, UnavailableError } from '../../core/app-error.ts';
import { listLogIds, type ObservedRequest, recordErrorCode } from '../../core/request-telemetry.ts';
import type { Logger } from '../../observability/logger.ts';

/** All that a caller sees of an internal error. */
export const maskedMessage = 'Something went wrong on our side.';

/** One log line per interval during overload: a line per error would add to the load. Metrics count them all. */
const overloadLogMs = 10_000;

/** Replaces the errors of a result by what the caller may see; applied once, as the last step. */
export type MaskErrors = (result: ExecutionResult, request: ObservedRequest) => ExecutionResult;

/**
 * The one place that decides what callers see of an error. An AppError shows its message and code; an error in
 * the client's document or variables shows GraphQL's message; anything else is logged with the request id and
 * masked. Also sets the HTTP status where Yoga's rule (the errors' `extensions.http`) is not enough.
 */
export function createErrorMasking(options: { log: Logger; hasSuggestions: boolean }): MaskErrors {
  const { log } = options;
  const mayLogOverload = createThrottle(overloadLogMs);
  return (result, request) => {
    if (result.errors === undefined) return result;
    const logged = new Set<unknown>();
    const logOnce = (cause: unknown, level: 'error' | 'warn', message: string) => {
      if (cause instanceof UnavailableError && cause.isOverload && !mayLogOverload()) return;
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

/** Returns a function that is true at most once per interval. */
function createThrottle(milliseconds: number): () => boolean {
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - last < milliseconds) return false;
    last = now;
    return true;
  };
}

/** Converts something thrown into the errors of a result; none for an abort, as in Yoga. */
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
    // Callers' errors are not logged, but this one hides a failure of ours.
    if (cause instanceof UnavailableError)
      logOnce(cause, 'warn', 'request rejected as unavailable');
    return showAppError(error, cause);
  }
  if (cause instanceof GraphQLError && isClientError(error)) {
    return error.extensions.code ? error : showBadInput(error);
  }
  logOnce(cause, 'error', 'unexpected error');
  return copyError(error, maskedMessage, { code: 'INTERNAL', requestId, unexpected: true });
}

/** The original error without GraphQL's wrappers. */
function findCause(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}

/**
 * Documents, parameters and variables are validated before execution, so their errors have no path. During
 * execution only an argument can be the client's error; any other error of GraphQL itself (a value that its type
 * cannot represent) is ours.
 */
function isClientError(error: GraphQLError): boolean {
  if (!(error instanceof GraphQLError) || error.extensions.unexpected) return false;
  return (
    error.path === undefined ||
    error.extensions.code !== undefined ||
    error.message.startsWith('Argument "')
  );
}

/** The executor still suggests values for variables. */
function withoutSuggestion(error: GraphQLError): GraphQLError {
  const message = error.message.replace(/ Did you mean .*$/s, '');
  return message === error.message ? error : copyError(error, message, error.extensions);
}

function showAppError(error: GraphQLError, cause: AppError): GraphQLError {
  const seconds = getRetryAfterSeconds(cause);
  return copyError(error, cause.message, {
    code: cause.code,
    ...(cause.inputPath === null ? {} : { path: cause.inputPath }),
    ...(seconds === null ? {} : { retryAfterSeconds: seconds }),
    ...('reason' in cause && cause.reason !== null ? { reason: cause.reason } : {}),
  });
}

function getRetryAfterSeconds(error: AppError): number | null {
  const seconds = 'retryAfterSeconds' in error ? Number(error.retryAfterSeconds) : Number.NaN;
  return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : null;
}

/**
 * Variables and arguments that do not match their types have no code. `spec` makes Yoga treat them like validation
 * errors: 400, but 200 for clients that accept only application/json.
 */
function showBadInput(error: GraphQLError): GraphQLError {
  const { http } = error.extensions;
  return copyError(error, error.message, {
    ...error.extensions,
    code: 'BAD_USER_INPUT',
    ...(http === undefined ? {} : { http: { ...http, spec: true } }),
  });
}

/** Copies, because requests share the errors of a cached document. */
function copyError(
  error: GraphQLError,
  message: string,
  extensions: Record<string, unknown>,
): GraphQLError {
  // graphql-js passes on an error that has a list `path` of its own, which is no path in the response.
  if (!(error instanceof GraphQLError)) return new GraphQLError(message, { extensions });
  const { nodes = null, source = null, positions = null, path = null } = error;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}

/** Codes with a status of their own, if the operation did not run at all. */
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
