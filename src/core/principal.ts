import type { Session, User } from './records.ts';

/** Who is asking, as the credential proved it. Nothing in an input can change it. */
export type Principal = { kind: 'anonymous' } | { kind: 'session'; user: User; session: Session };

export type SignedIn = Extract<Principal, { kind: 'session' }>;

/** Nobody. An object of its own each time: what is loaded for a request is kept by its principal. */
export function createAnonymous(): Principal {
  return { kind: 'anonymous' };
}
