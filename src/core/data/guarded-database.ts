import type { Database } from '../../db/database.ts';
import { DatabaseError } from '../../db/error-map.ts';
import { QueueFullError } from '../../lib/bounded-queue.ts';
import { UnavailableError } from '../app-error.ts';

/** Turns an unavailable or overloaded database into UnavailableError for the services. */
export function guardDatabase(database: Database): Database {
  return {
    ...database,
    read: (scope, work) => database.read(scope, work).catch(throwUnavailable),
    ask: (work) => database.ask(work).catch(throwUnavailable),
    write: (scope, work) => database.write(scope, work).catch(throwUnavailable),
    transaction: (scope, work) => database.transaction(scope, work).catch(throwUnavailable),
  };
}

function throwUnavailable(error: unknown): never {
  const isUnavailable =
    error instanceof DatabaseError && (error.kind === 'unavailable' || error.kind === 'busy');
  if (!isUnavailable) throw error;
  const isOverload = error.cause instanceof QueueFullError;
  throw new UnavailableError(undefined, 1, { cause: error, isOverload });
}
