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
 * An error that the caller may read: `message` is written for people and never holds internals,
 * `inputPath` names the field of the input it is about (an Error with a `path` would pass
 * for one that GraphQL has placed already). Everything else that is thrown is a bug and is
 * shown masked.
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

/** A field of the input cannot be accepted; nothing was changed. */
export class InvalidInputError extends AppError {
  readonly code = 'BAD_USER_INPUT';
}

/** The given credentials are not valid; which of them is not said. */
export class InvalidCredentialsError extends AppError {
  readonly code = 'UNAUTHENTICATED';
}

/** Nobody is signed in; at the top level of an answer, since no mutation got to run. */
export class UnauthenticatedError extends AppError {
  readonly code = 'UNAUTHENTICATED';
  constructor(message = 'Please sign in first.') {
    super(message);
  }
}

/** Why something is forbidden, where a program can do something about it. */
export type ForbiddenReason = 'REAUTHENTICATION_REQUIRED' | 'IMPERSONATED';

/** The caller may see the object but not do this with it. */
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

/** There is no such object for this caller: absent and foreign look the same. */
export class NotFoundError extends AppError {
  readonly code = 'NOT_FOUND';
}

/** The change clashes with what is already there. */
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
 * The service cannot answer right now; the same request may go through in `retryAfterSeconds`. `isOverload`:
 * nothing is broken, there is only too much to do at once.
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

/** An error as plain data, where it is part of an answer and not its end. */
export type ErrorData = {
  /** The name of its class, and of its type in the API. */
  name: string;
  code: ErrorCode;
  message: string;
  path: readonly string[] | null;
  retryAfterSeconds: number | null;
  reason: ForbiddenReason | null;
};

/** The parts of an error that callers see. */
export function describeError(error: AppError): ErrorData {
  const { name, code, message, inputPath } = error;
  const retryAfterSeconds = error instanceof RateLimitedError ? error.retryAfterSeconds : null;
  const reason = error instanceof ForbiddenError ? error.reason : null;
  return { name, code, message, path: inputPath, retryAfterSeconds, reason };
}
