import type { Room } from './rooms.ts';
import type { MutationTable } from './table.ts';

/** What may be done in somebody's name; everything else is refused to the impersonated caller. */
const openToImpersonators = [
  ...['createRole', 'deleteRole', 'inviteMembers', 'removeMember', 'resendInvitation'],
  ...['revokeInvitation', 'signOut', 'updateMembership', 'updateProfile', 'updateRole'],
  'updateTenant',
];

/** The same mutations, all others shut to whoever acts in somebody else's name. */
export function closeToImpersonators(table: MutationTable): MutationTable {
  const rows = Object.entries(table).map(([name, cases]) => {
    const isOpen = openToImpersonators.includes(name);
    return [name, cases.map((one) => (isOpen ? one : { ...one, room: inPerson(one.room) }))];
  });
  return Object.fromEntries(rows);
}

function inPerson({ name, judge }: Room): Room {
  return {
    name,
    judge: (scene) => (scene.caller === 'impersonated' ? 'FORBIDDEN' : judge(scene)),
  };
}
