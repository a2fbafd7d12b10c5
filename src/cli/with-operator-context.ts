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

/** The option for each input field, for error messages: `{ slug: '--slug' }`. */
export type OptionNames = Readonly<Record<string, string>>;

/** A command runs one statement at a time; the second connection is for loaders. */
const poolSize = 2;

/**
 * Runs a command's work with the server's services as the operator, who connects as the owner of the database. The
 * connections assume the serving role, so rules, limits, audit and row security are those of the API. Throws
 * CommandError for errors of a service, and what withDatabase throws.
 */
export function withOperatorContext<T>(
  work: (ctx: Ctx) => Promise<T>,
  words: OptionNames = {},
): Promise<T> {
  return runAsOperator(work, words, { isReadOnly: false });
}

/** For a read-only command: the database rejects writes. */
export function readAsOperator<T>(
  work: (ctx: Ctx) => Promise<T>,
  words: OptionNames = {},
): Promise<T> {
  return runAsOperator(work, words, { isReadOnly: true });
}

async function runAsOperator<T>(
  work: (ctx: Ctx) => Promise<T>,
  words: OptionNames,
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
        credential: null,
        loaded: new Map(),
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

function explain(error: unknown, words: OptionNames): unknown {
  if (error instanceof AppError) return toCommandError(error, words);
  if (findSqlState(error) !== '42501') return error;
  return new CommandError(
    'PostgreSQL denies this to the owner of the database: run "tenantry migrate", which says what to grant',
    { cause: error },
  );
}

/** The error as one line that names the option instead of the API's field. */
function toCommandError(error: AppError, words: OptionNames): CommandError {
  const field = error.inputPath?.at(-1);
  const word = field === undefined ? undefined : words[field];
  if (word === undefined) return new CommandError(error.message, { cause: error });
  const named = error.message.replaceAll(`"${field}"`, word);
  const message = named === error.message ? `${word}: ${named}` : named;
  return new CommandError(message, { cause: error });
}
