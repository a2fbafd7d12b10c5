import type { Session, Tenant, User } from '../../core/entities.ts';
import { toGlobalId } from '../../graphql/ids.ts';
import { describeDevice } from '../../lib/device.ts';
import type { ListView } from '../list.ts';
import { formatTime } from '../table.ts';

/** A live session with its user and tenant. */
export type SessionDetails = {
  session: Session;
  user: User;
  tenant: Tenant | null;
  /** The impersonating administrator; also null if deleted. */
  impersonator: User | null;
};

/** The id of a session as the API gives it. */
export function toSessionId({ id, tenantId }: Session): string {
  return toGlobalId('Session', id, tenantId);
}

export const sessionList: ListView<SessionDetails> = {
  noun: 'live sessions',
  toJson: toSessionJson,
  columns: [
    { title: 'ID', toText: ({ session }) => toSessionId(session) },
    { title: 'USER', toText: describeUser },
    { title: 'BOUND TO', toText: ({ tenant }) => tenant?.slug ?? null },
    { title: 'FROM', toText: ({ session }) => session.ip },
    { title: 'LAST SEEN', toText: ({ session }) => formatTime(session.lastSeenAt) },
    { title: 'ENDS', toText: ({ session }) => formatTime(session.expiresAt) },
    { title: 'PLACE', toText: ({ session }) => session.place, isFlexible: true },
    { title: 'DEVICE', toText: ({ session }) => findDevice(session) },
  ],
};

function toSessionJson({ session, user, tenant, impersonator }: SessionDetails): object {
  const { ip, place, userAgent, createdAt, lastSeenAt, idleExpiresAt, expiresAt } = session;
  return {
    id: toSessionId(session),
    user: toPersonJson(user),
    tenant: tenant && { id: toGlobalId('Tenant', tenant.id), slug: tenant.slug },
    impersonator: impersonator && toPersonJson(impersonator),
    ip,
    place,
    userAgent,
    device: findDevice(session),
    createdAt,
    lastSeenAt,
    idleExpiresAt,
    expiresAt,
  };
}

function findDevice({ userAgent }: Session): string | null {
  return userAgent === null ? null : describeDevice(userAgent);
}

function toPersonJson({ id, email }: User): object {
  return { id: toGlobalId('User', id), email };
}

function describeUser({ session, user, impersonator }: SessionDetails): string {
  if (session.impersonatorId === null) return user.email;
  return `${user.email}, by ${impersonator?.email ?? 'a deleted administrator'}`;
}
