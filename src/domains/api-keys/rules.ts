import { isPermission, ownersOnly } from '../../core/access/permissions.ts';
import { InvalidInputError } from '../../core/app-error.ts';
import { trimCode } from '../../lib/blanks.ts';

const daySeconds = 86_400;

/** How long a key is good unless it is said otherwise, and at most. */
export const lifetimeDefaultSeconds = 90 * daySeconds;
export const lifetimeMaxSeconds = 365 * daySeconds;

/** How long a key may go on beside the one that replaces it. */
export const overlapMaxSeconds = daySeconds;

/** Longest name of a key, in code points. */
export const apiKeyNameMax = 100;

/**
 * The permissions of a new key, sorted, each once. Throws InvalidInputError for none, for one that does
 * not exist, and for what is an owner's in person.
 */
export function checkKeyPermissions(typed: readonly string[]): string[] {
  const permissions = typed.map(trimCode);
  const path = ['permissions'];
  if (permissions.length === 0) {
    throw new InvalidInputError('A key needs at least one permission.', path);
  }
  for (const permission of permissions) {
    if (!isPermission(permission))
      throw new InvalidInputError('This permission does not exist.', path);
    if (ownersOnly.has(permission)) {
      throw new InvalidInputError(
        `"${permission}" is for users only; API keys cannot have it.`,
        path,
      );
    }
  }
  return [...new Set(permissions)].sort();
}

/** Seconds that an old key goes on. Throws InvalidInputError. */
export function checkOverlap(seconds: number | null | undefined): number {
  const overlap = seconds ?? 0;
  if (overlap >= 0 && overlap <= overlapMaxSeconds) return overlap;
  throw new InvalidInputError(`"overlapSeconds" must be between 0 and ${overlapMaxSeconds}.`, [
    'overlapSeconds',
  ]);
}

/** How long a key was to be good when it was made, as far as a new one may be. */
export function getLifetimeSeconds({ createdAt, expiresAt }: { createdAt: Date; expiresAt: Date }) {
  const seconds = Math.round((expiresAt.getTime() - createdAt.getTime()) / 1_000);
  return Math.min(Math.max(seconds, 1), lifetimeMaxSeconds);
}
