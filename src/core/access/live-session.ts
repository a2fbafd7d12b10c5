import type { TokenHash } from '../../lib/token.ts';
import type { Session, User } from '../entities.ts';

/** A session check by token, with the user's permissions in a tenant if given. */
export type SessionQuery = { tokenHash: TokenHash; tenantId: string | null };

/** A valid session, its user, and the user's permissions in the requested or bound tenant. */
export type LiveSession = {
  session: Session;
  user: User;
  access: { tenantId: string; membershipId: string; permissions: readonly string[] } | null;
};
