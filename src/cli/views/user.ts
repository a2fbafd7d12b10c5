import type { Membership, Tenant, User } from '../../core/entities.ts';
import { toGlobalId } from '../../graphql/ids.ts';
import type { ListView } from '../list.ts';
import { formatFacts, formatTime } from '../table.ts';
import { toEnum } from './enum.ts';

/** A user with memberships. */
export type UserDetails = {
  user: User;
  memberships: readonly { membership: Membership; tenant: Tenant }[];
};

/** The fields of the API's User, and whether it is a platform administrator. */
export function toUserJson({ id, email, emailVerifiedAt, ...rest }: User): object {
  return {
    id: toGlobalId('User', id),
    email,
    emailVerified: emailVerifiedAt !== null,
    name: rest.name,
    avatarUrl: rest.avatarUrl,
    locale: rest.locale,
    status: toEnum(rest.status),
    isPlatformAdmin: rest.isPlatformAdmin,
    metadata: rest.metadata,
    lastSignInAt: rest.lastSignInAt,
    createdAt: rest.createdAt,
  };
}

export const userList: ListView<User> = {
  noun: 'users',
  toJson: toUserJson,
  columns: [
    { title: 'E-MAIL', toText: ({ email }) => email },
    { title: 'NAME', toText: ({ name }) => name, isFlexible: true },
    { title: 'STATUS', toText: describeStatus },
    { title: 'LAST SIGN-IN', toText: ({ lastSignInAt }) => formatTime(lastSignInAt) },
    { title: 'SIGNED UP', toText: ({ createdAt }) => formatTime(createdAt) },
    { title: 'ID', toText: ({ id }) => toGlobalId('User', id) },
  ],
};

/** The fields of the API's User with its memberships. */
export function toUserDetailsJson({ user, memberships }: UserDetails): object {
  return {
    ...toUserJson(user),
    memberships: memberships.map(({ membership: { id, roles, isActive, joinedAt }, tenant }) => ({
      id: toGlobalId('Membership', id, tenant.id),
      tenant: { id: toGlobalId('Tenant', tenant.id), slug: tenant.slug, name: tenant.name },
      roles: roles.map(({ key, name }) => ({ key, name })),
      isActive,
      joinedAt,
    })),
  };
}

/** The same for people. */
export function formatUserDetails({ user, memberships }: UserDetails): string {
  const facts = formatFacts([
    ['E-mail', `${user.email}${user.emailVerifiedAt === null ? ' (not verified)' : ''}`],
    ['Name', user.name],
    ['Id', toGlobalId('User', user.id)],
    ['Status', describeStatus(user)],
    ['Signed up', formatTime(user.createdAt)],
    ['Last sign-in', formatTime(user.lastSignInAt) || 'never'],
    ['Locale', user.locale],
    ['Metadata', JSON.stringify(user.metadata)],
  ]);
  if (memberships.length === 0) return `${facts}\n\nBelongs to no tenant.`;
  const places = memberships.map(({ membership: { roles, isActive }, tenant }) => {
    const keys = roles.map(({ key }) => key).join(', ');
    return [tenant.slug, `${keys}${isActive ? '' : ' (paused)'}`] as const;
  });
  return `${facts}\n\nBelongs to:\n${formatFacts(places)}`;
}

/** A user in a sentence: address and name. */
export function nameUser({ email, name }: User): string {
  return name === null ? email : `${email} (${name})`;
}

function describeStatus({ status, isPlatformAdmin }: User): string {
  return isPlatformAdmin ? `${status}, platform admin` : status;
}
