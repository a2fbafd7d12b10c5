import type { InputRef, ObjectRef } from '@pothos/core';
import { recordDeniedAttempt } from '../core/access/denied-attempts.ts';
import { rejectImpersonator } from '../core/access/impersonation.ts';
import {
  type AppError,
  ConflictError,
  ForbiddenError,
  InvalidInputError,
  NotFoundError,
} from '../core/app-error.ts';
import { type Ctx, forgetLoaded, getAuthenticated, getSignedIn } from '../core/context.ts';
import { recordErrorCode } from '../core/request-telemetry.ts';
import { builder, type SchemaTypes } from './builder.ts';
import { type ErrorClass, listErrorTypes, type Rejection, toRejection } from './errors.ts';

type ResultRef<Success extends object> = ReturnType<typeof createResultType<Success>>;

const commonErrors: readonly ErrorClass[] = [
  InvalidInputError,
  ForbiddenError,
  NotFoundError,
  ConflictError,
];

/**
 * Defines `<name>Result`: the union of a success, the common errors (input, forbidden, not found, conflict) and
 * `moreErrors`.
 */
export function createResultType<Success extends object>(
  name: string,
  success: ObjectRef<SchemaTypes, Success>,
  moreErrors: readonly ErrorClass[] = [],
) {
  const errors = [...commonErrors, ...moreErrors];
  const union = builder.unionType(`${name}Result`, {
    description: `Result of ${name}: success, or an error with nothing changed.`,
    types: [success, ...listErrorTypes(errors)] as never,
    resolveType: (value: Partial<Rejection>) => value.__typename ?? success.name,
  });
  return { union, errors };
}

/** Signed-in users, users and API keys ("credentials"), or everyone except API keys ("anybody"). */
type Callers = 'users' | 'credentials' | 'anybody';

/** The definition of a mutation. */
export type MutationOptions<Input, Success extends object> = {
  description: string;
  input: InputRef<Input>;
  result: ResultRef<Success>;
  /** Checked before anything else; `users` by default. */
  callers?: Callers;
  resolve: (ctx: Ctx, input: Input) => Promise<Success>;
};

/**
 * Adds the mutation `name(input: …!)`. Errors outside its result type become top-level errors, masked if unexpected.
 */
export function addMutation<Input, Success extends object>(
  name: string,
  { description, input, result, callers = 'users', resolve }: MutationOptions<Input, Success>,
): void {
  builder.mutationField(name, (t) =>
    t.field({
      type: result.union as never,
      description,
      args: { input: t.arg({ type: input, required: true }) },
      resolve: ((_root: unknown, args: { input: Input }, ctx: Ctx) =>
        runMutation(ctx, { name, errors: result.errors }, async () => {
          requireCaller(ctx, callers);
          rejectImpersonator(ctx, name);
          return await resolve(ctx, args.input);
        })) as never,
    }),
  );
}

/**
 * Adds a mutation without input. Its service checks the caller: signing out also removes an anonymous caller's stale
 * cookie.
 */
export function addPlainMutation<Success extends object>(
  name: string,
  {
    description,
    result,
    resolve,
  }: Pick<MutationOptions<never, Success>, 'description' | 'result'> & {
    resolve: (ctx: Ctx) => Promise<Success>;
  },
): void {
  builder.mutationField(name, (t) =>
    t.field({
      type: result.union as never,
      description,
      resolve: ((_root: unknown, _args: unknown, ctx: Ctx) =>
        runMutation(ctx, { name, errors: result.errors }, async () => {
          rejectImpersonator(ctx, name);
          return await resolve(ctx);
        })) as never,
    }),
  );
}

/** @throws UnauthenticatedError or ForbiddenError */
function requireCaller(ctx: Ctx, callers: Callers): void {
  if (callers === 'credentials') getAuthenticated(ctx);
  else if (callers === 'users' || ctx.principal.kind === 'apiKey') getSignedIn(ctx);
}

/**
 * Runs a mutation. Returns errors of its result type as values and throws all others. First discards what earlier
 * mutations of the document have loaded, because they change data.
 */
async function runMutation<T>(
  ctx: Ctx,
  { name, errors }: { name: string; errors: readonly ErrorClass[] },
  work: () => Promise<T>,
): Promise<T | Rejection> {
  forgetLoaded(ctx);
  ctx.enteredTenantId = null;
  try {
    return await work();
  } catch (error) {
    await recordDeniedAttempt(ctx, name, error);
    if (errors.some((errorClass) => error instanceof errorClass)) {
      const { code } = error as AppError;
      ctx.runtime.countError(code);
      recordErrorCode(ctx.request.telemetry, code);
      return toRejection(error as AppError);
    }
    throw error;
  }
}
