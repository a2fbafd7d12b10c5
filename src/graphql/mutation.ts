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

const usualErrors: readonly ErrorClass[] = [
  InvalidInputError,
  ForbiddenError,
  NotFoundError,
  ConflictError,
];

/**
 * Defines `<name>Result`: a success, or the errors that mutations answering it may end in, which
 * are the usual ones (input, forbidden, not found, conflict) and `moreErrors`.
 */
export function createResultType<Success extends object>(
  name: string,
  success: ObjectRef<SchemaTypes, Success>,
  moreErrors: readonly ErrorClass[] = [],
) {
  const errors = [...usualErrors, ...moreErrors];
  const union = builder.unionType(`${name}Result`, {
    description: `Result of ${name}: success, or an error with nothing changed.`,
    types: [success, ...listErrorTypes(errors)] as never,
    resolveType: (value: Partial<Rejection>) => value.__typename ?? success.name,
  });
  return { union, errors };
}

type Callers = 'people' | 'credentials' | 'anybody';

/** How a mutation looks: its input, what it answers and how. */
export type MutationOptions<Input, Success extends object> = {
  description: string;
  input: InputRef<Input>;
  result: ResultRef<Success>;
  /**
   * Who may try it at all, before anything else: a person who has signed in (the default), API keys as
   * well, or anybody but API keys: anyone who signs in or up is a person to be.
   */
  callers?: Callers;
  resolve: (ctx: Ctx, input: Input) => Promise<Success>;
};

/**
 * Adds the mutation `name(input: …!)`. Errors that are no member of its result go to the top level,
 * masked if unexpected.
 */
export function addMutation<Input, Success extends object>(
  name: string,
  { description, input, result, callers = 'people', resolve }: MutationOptions<Input, Success>,
): void {
  builder.mutationField(name, (t) =>
    t.field({
      type: result.union as never,
      description,
      args: { input: t.arg({ type: input, required: true }) },
      resolve: ((_root: unknown, args: { input: Input }, ctx: Ctx) =>
        refusable(ctx, { name, errors: result.errors }, async () => {
          requireCaller(ctx, callers);
          rejectImpersonator(ctx, name);
          return await resolve(ctx, args.input);
        })) as never,
    }),
  );
}

/**
 * The same for a mutation that needs no input. Whether somebody must be signed in is left to its
 * service, which has something to do for anonymous callers too (signing out drops a dead cookie).
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
        refusable(ctx, { name, errors: result.errors }, async () => {
          rejectImpersonator(ctx, name);
          return await resolve(ctx);
        })) as never,
    }),
  );
}

/** Throws UnauthenticatedError, ForbiddenError. */
function requireCaller(ctx: Ctx, callers: Callers): void {
  if (callers === 'credentials') getAuthenticated(ctx);
  else if (callers === 'people' || ctx.principal.kind === 'apiKey') getSignedIn(ctx);
}

/**
 * Returns an error of the result type as a value; everything else is thrown on. What mutations before it in
 * the same document have loaded is forgotten: they change things.
 */
async function refusable<T>(
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
