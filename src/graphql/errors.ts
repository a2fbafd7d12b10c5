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

/** An error as a value: GraphQL takes an Error that a resolver returns for one that it threw. */
export type Rejection = {
  __typename: string;
  code: AppError['code'];
  message: string;
  path: readonly string[] | null;
  retryAfterSeconds: number | null;
  reason: ForbiddenReason | null;
};

/** An error as clients see it. */
export function toRejection(error: AppError | ErrorData): Rejection {
  const { name, ...rest } = error instanceof AppError ? describeError(error) : error;
  return { __typename: name, ...rest };
}

/** The interface of all errors, for fields that return one as a value. */
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
 * The types that show these errors. Throws an Error for one that has no type, while the schema is
 * built: left out of its union it would only be missed by the first client that meets it.
 */
export function listErrorTypes(errors: readonly ErrorClass[]): ObjectRef<SchemaTypes, Rejection>[] {
  return errors.map((errorClass) => {
    const type = types.get(errorClass);
    if (type === undefined) throw new Error(`${errorClass.name} has no type in graphql/errors.ts.`);
    return type;
  });
}
