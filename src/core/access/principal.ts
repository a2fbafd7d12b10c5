import type { ApiKey, Session, User } from '../entities.ts';

/** Who is asking, as the credential proved it. Nothing in an input can change it. */
export type Principal =
  | { kind: 'anonymous' }
  /** A person, or a platform administrator in that person's name (`session.impersonatorId`). */
  | { kind: 'session'; user: User; session: Session }
  /**
   * A program of one tenant. `permissions` are what it may do: those of its key that the key's creator
   * had when the request came.
   */
  | { kind: 'apiKey'; apiKey: ApiKey; creatorId: string; permissions: readonly string[] }
  /** Anyone who owns the database, at the command line; never a request. */
  | { kind: 'operator' };

export type SignedIn = Extract<Principal, { kind: 'session' }>;
export type Program = Extract<Principal, { kind: 'apiKey' }>;
export type Authenticated = Exclude<Principal, { kind: 'anonymous' }>;

/** Nobody. An object of its own each time: what is loaded for a request is kept by its principal. */
export function createAnonymous(): Principal {
  return { kind: 'anonymous' };
}
