import { UnauthenticatedError } from '../../../core/app-error.ts';
import type { Ctx } from '../../../core/context.ts';
import type { Db } from '../../../db/database.ts';
import { holdSession } from '../queries.ts';

/**
 * Locks the caller's session before something that outlives it is created, such as an API key: a concurrent password
 * reset either finds it, or it is not created. Call it first in the transaction. Does nothing without a session.
 * @throws UnauthenticatedError if the session has ended
 */
export async function holdOwnSession({ principal, runtime }: Ctx, tx: Db): Promise<void> {
  if (principal.kind !== 'session' || runtime.trustsDatabaseAlone) return;
  if (!(await holdSession(tx, principal.session.id))) throw new UnauthenticatedError();
}
