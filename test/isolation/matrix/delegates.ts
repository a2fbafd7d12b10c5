import type { Caller } from './callers.ts';
import type { Room } from './rooms.ts';
import type { MutationTable } from './table.ts';

// Callers who act with rights that are somebody else's. A mutation that is not listed is refused to them
// before anything else, so a new one is shut until somebody thinks of it.

/** What a program may try with its key; everything else is for people. */
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

/** What may be done in somebody's name. */
const openToImpersonators: ReadonlySet<string> = new Set([
  ...['createRole', 'deleteRole', 'inviteMembers', 'removeMember', 'resendInvitation'],
  ...['revokeInvitation', 'signOut', 'updateMembership', 'updateProfile', 'updateRole'],
  'updateTenant',
]);

/** The same mutations, those that are not open to a delegate shut to it. */
export function closeToDelegates(table: MutationTable): MutationTable {
  return closeTo('impersonated', openToImpersonators, closeTo('key', openToKeys, table));
}

function closeTo(delegate: Caller, open: ReadonlySet<string>, table: MutationTable): MutationTable {
  const shut = ({ name, judge }: Room): Room => ({
    name,
    judge: (scene) => (scene.caller === delegate ? 'FORBIDDEN' : judge(scene)),
  });
  const rows = Object.entries(table).map(([name, cases]) => [
    name,
    open.has(name) ? cases : cases.map((one) => ({ ...one, room: shut(one.room) })),
  ]);
  return Object.fromEntries(rows);
}
