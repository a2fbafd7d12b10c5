import type { AccessRule } from './access-rules.ts';
import type { Caller } from './callers.ts';
import type { MutationTable } from './table.ts';

// API keys and impersonators act with the permissions of another user. Mutations that are not listed here
// reject them first, so a new mutation is closed to them by default.

/** The mutations that API keys may call; all others are for users. */
const openToKeys: ReadonlySet<string> = new Set([
  ...[
    'createRole',
    'deleteRole',
    'inviteMembers',
    'removeMember',
    'resendInvitation',
    'revokeApiKey',
  ],
  ...['revokeInvitation', 'revokeSession', 'revokeSessions', 'updateMembership', 'updateRole'],
  'updateTenant',
]);

/** The mutations that an impersonator may call. */
const openToImpersonators: ReadonlySet<string> = new Set([
  ...['createRole', 'deleteRole', 'inviteMembers', 'removeMember', 'resendInvitation'],
  ...['revokeInvitation', 'signOut', 'updateMembership', 'updateProfile', 'updateRole'],
  'updateTenant',
]);

/** The same mutations, where the ones not listed above expect FORBIDDEN for keys and impersonators. */
export function denyDelegates(table: MutationTable): MutationTable {
  return deny('impersonated', openToImpersonators, deny('key', openToKeys, table));
}

function deny(delegate: Caller, open: ReadonlySet<string>, table: MutationTable): MutationTable {
  const denied = ({ name, judge }: AccessRule): AccessRule => ({
    name,
    judge: (attempt) => (attempt.caller === delegate ? 'FORBIDDEN' : judge(attempt)),
  });
  const rows = Object.entries(table).map(([name, cases]) => [
    name,
    open.has(name) ? cases : cases.map((one) => ({ ...one, rule: denied(one.rule) })),
  ]);
  return Object.fromEntries(rows);
}
