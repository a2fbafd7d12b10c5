import type { ApiKey, Session, User } from '../entities.ts';

/** The authenticated caller. No input can change it. */
export type Principal =
  | { kind: 'anonymous' }
  /** A user, or a platform administrator who impersonates them (`session.impersonatorId`). */
  | { kind: 'session'; user: User; session: Session }
  /**
   * A program of one tenant. `permissions` are those of its key that the key's creator had at the time of the
   * request.
   */
  | { kind: 'apiKey'; apiKey: ApiKey; creatorId: string; permissions: readonly string[] }
  /** An owner of the database at the command line; never a request. */
  | { kind: 'operator' };

export type SignedIn = Extract<Principal, { kind: 'session' }>;
export type Program = Extract<Principal, { kind: 'apiKey' }>;
export type Authenticated = Exclude<Principal, { kind: 'anonymous' }>;

export function createAnonymous(): Principal {
  return { kind: 'anonymous' };
}
