import { UnauthenticatedError } from '../../../core/app-error.ts';
import type { Ctx } from '../../../core/context.ts';
import type { Db } from '../../../db/database.ts';
import { holdSession } from '../queries.ts';

/**
 * For what outlives the session that it is made in, such as an API key: a reset of the password that ends the
 * session at the same time either finds what was made, or it is not made. First in the transaction. Does
 * nothing for callers that have no session. Throws UnauthenticatedError where it has ended.
 */
export async function holdOwnSession({ principal, runtime }: Ctx, tx: Db): Promise<void> {
  if (principal.kind !== 'session' || runtime.trustsDatabaseAlone) return;
  if (!(await holdSession(tx, principal.session.id))) throw new UnauthenticatedError();
}
