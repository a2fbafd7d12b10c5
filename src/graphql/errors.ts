import type { ObjectRef } from '@pothos/core';
import {
  AppError,
  ConflictError,
  describeRefusal,
  ForbiddenError,
  type ForbiddenReason,
  InvalidCredentialsError,
  InvalidInputError,
  LimitReachedError,
  NotFoundError,
  RateLimitedError,
  type RefusalRecord,
} from '../core/app-error.ts';
import { builder, type SchemaTypes } from './builder.ts';

export const ErrorCode = builder.enumType('ErrorCode', {
  description: 'What kind of refusal it is; stable, for programs.',
  values: {
    BAD_USER_INPUT: { description: 'A field of the input cannot be accepted; `path` names it.' },
    UNAUTHENTICATED: { description: 'Nobody is signed in, or the credentials are not good.' },
    FORBIDDEN: { description: 'The caller lacks a permission.' },
    NOT_FOUND: { description: 'There is no such object for this caller.' },
    CONFLICT: { description: 'The change clashes with what is there.' },
    RATE_LIMITED: { description: 'Too many attempts.' },
    LIMIT_REACHED: { description: 'A quota is used up.' },
    UNAVAILABLE: { description: 'The service cannot answer right now.' },
  },
});

/** A refusal as a value: GraphQL takes an Error that a resolver returns for one that it threw. */
export type Refusal = {
  __typename: string;
  code: AppError['code'];
  message: string;
  path: readonly string[] | null;
  retryAfterSeconds: number | null;
  reason: ForbiddenReason | null;
};

/** What a client sees of a refusal. */
export function toRefusal(error: AppError | RefusalRecord): Refusal {
  const { name, ...rest } = error instanceof AppError ? describeRefusal(error) : error;
  return { __typename: name, ...rest };
}

/** What every refusal is, for fields that answer one as a value. */
export const ErrorInterface = builder.interfaceRef<Refusal>('Error').implement({
  description: 'Why a mutation was refused. Nothing was changed.',
  fields: (t) => ({
    code: t.field({ type: ErrorCode, description: 'For programs.', resolve: ({ code }) => code }),
    message: t.exposeString('message', { description: 'For people.' }),
    path: t.stringList({
      nullable: true,
      description: 'The field of the input that it is about.',
      resolve: ({ path }) => path && [...path],
    }),
  }),
});

export type ErrorClass = new (...args: never[]) => AppError;

const descriptions: [ErrorClass, string][] = [
  [InvalidInputError, 'A field of the input cannot be accepted.'],
  [InvalidCredentialsError, 'The given credentials are not good.'],
  [NotFoundError, 'There is no such object for this caller.'],
  [ConflictError, 'The change clashes with what is already there.'],
  [LimitReachedError, 'A quota of the tenant is used up.'],
];

const RateLimited = builder.objectRef<Refusal>(RateLimitedError.name).implement({
  description: 'Too many attempts.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    retryAfterSeconds: t.exposeInt('retryAfterSeconds', {
      nullable: true,
      description: 'When to try again.',
    }),
  }),
});

const ForbiddenReasonType = builder.enumType('ForbiddenReason', {
  description: 'Why something is forbidden, where the caller can do something about it.',
  values: {
    REAUTHENTICATION_REQUIRED: {
      description: 'Confirm the password (confirmPassword), then again.',
    },
    IMPERSONATED: { description: 'Only the person itself can do this, nobody in its name.' },
  },
});

const Forbidden = builder.objectRef<Refusal>(ForbiddenError.name).implement({
  description: 'The caller may not do this.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    reason: t.field({
      type: ForbiddenReasonType,
      nullable: true,
      description: 'Why, where the caller can do something about it.',
      resolve: ({ reason }) => reason,
    }),
  }),
});

const types = new Map<ErrorClass, ObjectRef<SchemaTypes, Refusal>>([
  [RateLimitedError, RateLimited],
  [ForbiddenError, Forbidden],
  ...descriptions.map(([errorClass, description]): [ErrorClass, typeof RateLimited] => [
    errorClass,
    builder
      .objectRef<Refusal>(errorClass.name)
      .implement({ description, interfaces: [ErrorInterface] }),
  ]),
]);

/**
 * The types that show these refusals. Raises an Error for one that has no type, while the schema is
 * built: left out of its union it would only be missed by the first client that meets it.
 */
export function listErrorTypes(errors: readonly ErrorClass[]): ObjectRef<SchemaTypes, Refusal>[] {
  return errors.map((errorClass) => {
    const type = types.get(errorClass);
    if (type === undefined) throw new Error(`${errorClass.name} has no type in graphql/errors.ts.`);
    return type;
  });
}
