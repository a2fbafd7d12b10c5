import {
  type AppError,
  ConflictError,
  ForbiddenError,
  InvalidInputError,
  LimitReachedError,
  NotFoundError,
  RateLimitedError,
  UnauthenticatedError,
} from '../core/app-error.ts';
import { builder } from './builder.ts';

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

const ErrorInterface = builder.interfaceRef<AppError>('Error').implement({
  description: 'Why a mutation was refused. Nothing was changed.',
  fields: (t) => ({
    code: t.field({
      type: ErrorCode,
      description: 'For programs.',
      resolve: (error) => error.code,
    }),
    message: t.exposeString('message', { description: 'For people.' }),
    path: t.stringList({
      nullable: true,
      description: 'The field of the input that it is about.',
      resolve: (error) => error.path && [...error.path],
    }),
  }),
});

const descriptions: [new (...args: never[]) => AppError, string][] = [
  [InvalidInputError, 'A field of the input cannot be accepted.'],
  [UnauthenticatedError, 'The given credentials are not good.'],
  [ForbiddenError, 'The caller may not do this.'],
  [NotFoundError, 'There is no such object for this caller.'],
  [ConflictError, 'The change clashes with what is already there.'],
  [LimitReachedError, 'A quota is used up.'],
];

for (const [errorClass, description] of descriptions) {
  builder.objectType(errorClass as new () => AppError, {
    name: errorClass.name,
    description,
    interfaces: [ErrorInterface],
  });
}

builder.objectType(RateLimitedError, {
  name: 'RateLimitedError',
  description: 'Too many attempts.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    retryAfterSeconds: t.exposeInt('retryAfterSeconds', { description: 'When to try again.' }),
  }),
});
