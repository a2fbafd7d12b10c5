import { randomUUID } from 'node:crypto';
import { createRuntime } from '../app/runtime.ts';
import { getSecret } from '../config/secret.ts';
import { AppError } from '../core/app-error.ts';
import type { Ctx } from '../core/context.ts';
import { guardDatabase } from '../core/data/guarded-database.ts';
import { createRequestTelemetry } from '../core/request-telemetry.ts';
import { createDatabase } from '../db/database.ts';
import { findSqlState } from '../db/error-map.ts';
import { CommandError } from './errors.ts';
import { createCommandLog } from './output.ts';
import { withDatabase } from './with-database.ts';

/** The option for a field of an input, so that an error can name it: `{ slug: '--slug' }`. */
export type Words = Readonly<Record<string, string>>;

/** A command does one thing after the other; a second connection is for what a loader reads aside. */
const poolSize = 2;

/**
 * Runs a command's work with the services of the server, as the operator: anyone who owns the database.
 * Its connections take on the serving role, so rules, limits, audit rows and row security are those of
 * the API. Throws CommandError for errors of a service, and what withDatabase throws.
 */
export function withOperatorContext<T>(
  work: (ctx: Ctx) => Promise<T>,
  words: Words = {},
): Promise<T> {
  return runAsOperator(work, words, { isReadOnly: false });
}

/** The same for a command that only looks: the database rejects what would change it. */
export function readAsOperator<T>(work: (ctx: Ctx) => Promise<T>, words: Words = {}): Promise<T> {
  return runAsOperator(work, words, { isReadOnly: true });
}

async function runAsOperator<T>(
  work: (ctx: Ctx) => Promise<T>,
  words: Words,
  { isReadOnly }: { isReadOnly: boolean },
): Promise<T> {
  return await withDatabase(async ({ ownerUrl }, config) => {
    const log = createCommandLog();
    const db = guardDatabase(
      createDatabase({
        ...config.database,
        url: ownerUrl,
        actsAsServer: true,
        poolSize,
        isReadOnly,
      }),
    );
    const secret = await getSecret(config);
    const { runtime, close } = createRuntime(config, { db, secret, log });
    try {
      return await work({
        principal: { kind: 'operator' },
        request: {
          id: randomUUID(),
          ip: null,
          userAgent: null,
          place: null,
          telemetry: createRequestTelemetry(),
        },
        sessionKeeper: null,
        reportDuration: null,
        db,
        runtime,
        log,
      });
    } catch (error) {
      throw explain(error, words);
    } finally {
      await close();
      await db.close();
    }
  });
}

function explain(error: unknown, words: Words): unknown {
  if (error instanceof AppError) return toCommandError(error, words);
  if (findSqlState(error) !== '42501') return error;
  return new CommandError(
    'PostgreSQL denies this to the owner of the database: run "tenantry migrate", which says what to grant',
    { cause: error },
  );
}

/** The error as one line that names what was typed instead of the field of the API. */
function toCommandError(error: AppError, words: Words): CommandError {
  const field = error.inputPath?.at(-1);
  const word = field === undefined ? undefined : words[field];
  if (word === undefined) return new CommandError(error.message, { cause: error });
  const named = error.message.replaceAll(`"${field}"`, word);
  const message = named === error.message ? `${word}: ${named}` : named;
  return new CommandError(message, { cause: error });
}
