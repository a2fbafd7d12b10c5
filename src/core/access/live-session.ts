import type { TokenHash } from '../../lib/token.ts';
import type { Session, User } from '../entities.ts';

/** A question to the session check: this token, and what may its user do in this tenant? */
export type SessionQuery = { tokenHash: TokenHash; tenantId: string | null };

/** A session that is good now, its user, and the user's rights in the asked (or bound) tenant. */
export type LiveSession = {
  session: Session;
  user: User;
  access: { tenantId: string; membershipId: string; permissions: readonly string[] } | null;
};
