/** The codes of the public API; every error carries one. */
export type ErrorCode =
  | 'BAD_USER_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'RATE_LIMITED'
  | 'LIMIT_REACHED'
  | 'UNAVAILABLE';

/**
 * An error that callers see: `message` is for people and never has internals, `inputPath` names the field of the
 * input (not `path`, which GraphQL would take for a path in the response). Any other error is a bug and is masked.
 */
export abstract class AppError extends Error {
  abstract readonly code: ErrorCode;
  readonly inputPath: readonly string[] | null;

  constructor(message: string, inputPath: readonly string[] | null = null, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.inputPath = inputPath;
  }
}

/** A field of the input is invalid; nothing was changed. */
export class InvalidInputError extends AppError {
  readonly code = 'BAD_USER_INPUT';
}

/** The credentials are invalid; the error does not say which of them. */
export class InvalidCredentialsError extends AppError {
  readonly code = 'UNAUTHENTICATED';
}

/** The caller is not signed in; a top-level error, since no mutation ran. */
export class UnauthenticatedError extends AppError {
  readonly code = 'UNAUTHENTICATED';
  constructor(message = 'Please sign in first.') {
    super(message);
  }
}

/** The reason for ForbiddenError, if a program can react to it. */
export type ForbiddenReason = 'REAUTHENTICATION_REQUIRED' | 'IMPERSONATED';

/** The caller can see the object but lacks the permission. */
export class ForbiddenError extends AppError {
  readonly code = 'FORBIDDEN';
  readonly reason: ForbiddenReason | null;
  constructor(
    message: string,
    inputPath: readonly string[] | null = null,
    reason: ForbiddenReason | null = null,
  ) {
    super(message, inputPath);
    this.reason = reason;
  }
}

/** The object does not exist, or the caller cannot see it; both look the same. */
export class NotFoundError extends AppError {
  readonly code = 'NOT_FOUND';
}

/** The one text for an absent or invisible object, so that the two cannot be told apart. */
export function createNotFound(noun: string): NotFoundError {
  return new NotFoundError(`This ${noun} does not exist or is not visible to you.`);
}

/** The change conflicts with the current state. */
export class ConflictError extends AppError {
  readonly code = 'CONFLICT';
}

/** Too many attempts; try again after `retryAfterSeconds`. */
export class RateLimitedError extends AppError {
  readonly code = 'RATE_LIMITED';
  readonly retryAfterSeconds: number;
  constructor(message: string, retryAfterSeconds: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A quota of the tenant or the user is used up. */
export class LimitReachedError extends AppError {
  readonly code = 'LIMIT_REACHED';
}

/**
 * The service is temporarily unavailable; the request may succeed after `retryAfterSeconds`. `isOverload`: the cause
 * is load, not a failure.
 */
export class UnavailableError extends AppError {
  readonly code = 'UNAVAILABLE';
  readonly retryAfterSeconds: number;
  readonly isOverload: boolean;
  constructor(
    message = 'The service is busy or restarting. Please try again in a moment.',
    retryAfterSeconds = 1,
    { isOverload = false, ...options }: ErrorOptions & { isOverload?: boolean } = {},
  ) {
    super(message, null, options);
    this.retryAfterSeconds = retryAfterSeconds;
    this.isOverload = isOverload;
  }
}

/** An AppError as plain data, for errors that are part of a result. */
export type ErrorData = {
  /** The name of the class, and of the type in the API. */
  name: string;
  code: ErrorCode;
  message: string;
  path: readonly string[] | null;
  retryAfterSeconds: number | null;
  reason: ForbiddenReason | null;
};

/** Returns the parts of an error that callers see. */
export function describeError(error: AppError): ErrorData {
  const { name, code, message, inputPath } = error;
  const retryAfterSeconds = error instanceof RateLimitedError ? error.retryAfterSeconds : null;
  const reason = error instanceof ForbiddenError ? error.reason : null;
  return { name, code, message, path: inputPath, retryAfterSeconds, reason };
}
