import type { Invitation } from '../../core/entities.ts';

/**
 * What the audit log says of an invitation. The address is only hinted at: the audit log cannot be altered, and
 * when that person is erased its address must be gone (decision 019).
 */
export function toAuditLog({ email, roles, expiresAt }: Invitation) {
  return {
    email: hintAt(email),
    roles: roles.map(({ key }) => key),
    expiresAt: expiresAt.toISOString(),
  };
}

/** The first character and the domain: m…@example.com. */
function hintAt(email: string): string {
  return `${email.slice(0, 1)}…${email.slice(email.lastIndexOf('@'))}`;
}
