import type { ObjectRef } from '@pothos/core';
import {
  AppError,
  ConflictError,
  describeError,
  type ErrorData,
  ForbiddenError,
  type ForbiddenReason,
  InvalidCredentialsError,
  InvalidInputError,
  LimitReachedError,
  NotFoundError,
  RateLimitedError,
} from '../core/app-error.ts';
import { builder, type SchemaTypes } from './builder.ts';

export const ErrorCode = builder.enumType('ErrorCode', {
  description: 'Stable error code for programs.',
  values: {
    BAD_USER_INPUT: { description: 'An input field is invalid; `path` names it.' },
    UNAUTHENTICATED: { description: 'Nobody is signed in, or the credentials are invalid.' },
    FORBIDDEN: { description: 'The caller lacks a permission.' },
    NOT_FOUND: { description: 'The object does not exist or is not visible to the caller.' },
    CONFLICT: { description: 'The change conflicts with existing data.' },
    RATE_LIMITED: { description: 'Too many attempts.' },
    LIMIT_REACHED: { description: 'A limit is reached.' },
    UNAVAILABLE: { description: 'The service is temporarily unavailable.' },
  },
});

/** An error as a plain object: graphql-js treats a returned Error instance as thrown. */
export type Rejection = {
  __typename: string;
  code: AppError['code'];
  message: string;
  path: readonly string[] | null;
  retryAfterSeconds: number | null;
  reason: ForbiddenReason | null;
};

/** Converts an error to the object that the schema shows. */
export function toRejection(error: AppError | ErrorData): Rejection {
  const { name, ...rest } = error instanceof AppError ? describeError(error) : error;
  return { __typename: name, ...rest };
}

/** Interface of all error types, also the type of fields that return an error as a value. */
export const ErrorInterface = builder.interfaceRef<Rejection>('Error').implement({
  description: 'An error of a mutation. Nothing was changed.',
  fields: (t) => ({
    code: t.field({
      type: ErrorCode,
      description: 'Error code, for programs.',
      resolve: ({ code }) => code,
    }),
    message: t.exposeString('message', { description: 'Error message, for people.' }),
    path: t.stringList({
      nullable: true,
      description: 'Path of the input field the error is about; empty if none.',
      resolve: ({ path }) => path && [...path],
    }),
  }),
});

export type ErrorClass = new (...args: never[]) => AppError;

const descriptions: [ErrorClass, string][] = [
  [InvalidInputError, 'An input field is invalid.'],
  [InvalidCredentialsError, 'The given credentials are invalid.'],
  [NotFoundError, 'The object does not exist or is not visible to the caller.'],
  [ConflictError, 'The change conflicts with existing data.'],
  [LimitReachedError, 'A limit of the tenant is reached.'],
];

const RateLimited = builder.objectRef<Rejection>(RateLimitedError.name).implement({
  description: 'Too many attempts.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    retryAfterSeconds: t.exposeInt('retryAfterSeconds', {
      nullable: true,
      description: 'Seconds to wait before a retry.',
    }),
  }),
});

const ForbiddenReasonType = builder.enumType('ForbiddenReason', {
  description: 'Reasons for a ForbiddenError that the caller can do something about.',
  values: {
    REAUTHENTICATION_REQUIRED: {
      description: 'Confirm the password with confirmPassword, then retry.',
    },
    IMPERSONATED: {
      description: 'Not allowed while impersonating; the user must do this themselves.',
    },
  },
});

const Forbidden = builder.objectRef<Rejection>(ForbiddenError.name).implement({
  description: 'The caller is not allowed to do this.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    reason: t.field({
      type: ForbiddenReasonType,
      nullable: true,
      description: 'The reason, if the caller can do something about it.',
      resolve: ({ reason }) => reason,
    }),
  }),
});

const types = new Map<ErrorClass, ObjectRef<SchemaTypes, Rejection>>([
  [RateLimitedError, RateLimited],
  [ForbiddenError, Forbidden],
  ...descriptions.map(([errorClass, description]): [ErrorClass, typeof RateLimited] => [
    errorClass,
    builder
      .objectRef<Rejection>(errorClass.name)
      .implement({ description, interfaces: [ErrorInterface] }),
  ]),
]);

/**
 * Returns the object types of these errors. Runs while the schema is built, so a missing type is found at the start.
 * @throws Error for an error without a type
 */
export function listErrorTypes(errors: readonly ErrorClass[]): ObjectRef<SchemaTypes, Rejection>[] {
  return errors.map((errorClass) => {
    const type = types.get(errorClass);
    if (type === undefined) throw new Error(`${errorClass.name} has no type in graphql/errors.ts.`);
    return type;
  });
}
