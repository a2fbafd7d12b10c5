import type { Database } from '../../db/database.ts';
import { DatabaseFault } from '../../db/error-map.ts';
import { QueueFullError } from '../../lib/bounded-queue.ts';
import { UnavailableError } from '../app-error.ts';

/** The database whose absence or overload is a named error (UnavailableError) to the services. */
export function guardDatabase(database: Database): Database {
  return {
    ...database,
    read: (scope, work) => database.read(scope, work).catch(refuse),
    ask: (work) => database.ask(work).catch(refuse),
    write: (scope, work) => database.write(scope, work).catch(refuse),
    transaction: (scope, work) => database.transaction(scope, work).catch(refuse),
  };
}

function refuse(error: unknown): never {
  const isAway =
    error instanceof DatabaseFault && (error.kind === 'unavailable' || error.kind === 'busy');
  if (!isAway) throw error;
  const isOverload = error.cause instanceof QueueFullError;
  throw new UnavailableError(undefined, 1, { cause: error, isOverload });
}
