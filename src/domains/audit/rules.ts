/** An action on a user, from the audit log. */
export type UserEvent = {
  id: string;
  tenantId: string | null;
  at: Date;
  action: string;
  targetType: string | null;
  targetId: string | null;
  changes: unknown;
};

/** Events for the viewer, with their meaning. */
export const viewerEventTypes = {
  'session.revoked': 'one or more sessions of the user were revoked',
  'roles.changed': 'the user has other roles in a tenant',
  'membership.added': 'the user became a member of a tenant',
  'membership.suspended': 'the user’s membership was paused',
  'membership.resumed': 'the user’s membership is active again',
  'membership.removed': 'the user is no longer a member of a tenant',
  'invitation.arrived': 'the user was invited',
} as const;

export type ViewerEventType = keyof typeof viewerEventTypes;

const typeByAction: Readonly<Record<string, ViewerEventType>> = {
  'session.revoked': 'session.revoked',
  'session.closed': 'session.revoked',
  'session.replaced': 'session.revoked',
  'session.switched': 'session.revoked',
  'session.evicted': 'session.revoked',
  'sessions.revoked': 'session.revoked',
  'password.changed': 'session.revoked',
  'password.reset': 'session.revoked',
  'tenant.created': 'membership.added',
  'tenant.ownership_transferred': 'roles.changed',
  'membership.created': 'membership.added',
  'membership.removed': 'membership.removed',
  'membership.left': 'membership.removed',
  'invitation.created': 'invitation.arrived',
  'invitation.resent': 'invitation.arrived',
};

/** The event that an audit entry is for the user it is about; null for most. */
export function listViewerEventTypes({ action, changes }: UserEvent): ViewerEventType[] {
  if (action === 'membership.updated') return listMembershipEventTypes(changes);
  const type = typeByAction[action];
  return type === undefined ? [] : [type];
}

/** One update may change several things at once. */
function listMembershipEventTypes(changes: unknown): ViewerEventType[] {
  const { roles, isActive } = changes as { roles?: unknown; isActive?: [unknown, unknown] };
  return [
    ...(roles === undefined ? [] : (['roles.changed'] as const)),
    ...(isActive === undefined
      ? []
      : ([isActive[1] === true ? 'membership.resumed' : 'membership.suspended'] as const)),
  ];
}
