import type { Tenant, User } from '../../core/entities.ts';
import type { TenantLimits, TenantUsage } from '../../domains/tenants/queries/settings.ts';
import type { TenantSettings } from '../../domains/tenants/rules.ts';
import { toGlobalId } from '../../graphql/ids.ts';
import type { ListView } from '../list.ts';
import { formatFacts, formatTime } from '../table.ts';
import { toEnum } from './enum.ts';

/** A tenant with everything that `tenant show` prints. */
export type TenantDetails = {
  tenant: Tenant;
  owners: readonly User[];
  settings: TenantSettings;
  limits: TenantLimits;
  usage: TenantUsage;
};

/** The fields of the API's Tenant that its row holds. */
export function toTenantJson({ id, slug, name, status, ...rest }: Tenant): object {
  return {
    id: toGlobalId('Tenant', id),
    slug,
    name,
    status: toEnum(status),
    memberCount: rest.memberCount,
    metadata: rest.metadata,
    createdAt: rest.createdAt,
    deletionAt: rest.deletionAt,
  };
}

export const tenantList: ListView<Tenant> = {
  noun: 'tenants',
  toJson: toTenantJson,
  columns: [
    { title: 'SLUG', toText: ({ slug }) => slug },
    { title: 'NAME', toText: ({ name }) => name, isFlexible: true },
    { title: 'STATUS', toText: ({ status }) => describeStatus(status) },
    { title: 'MEMBERS', toText: ({ memberCount }) => memberCount },
    { title: 'CREATED', toText: ({ createdAt }) => formatTime(createdAt) },
    { title: 'ID', toText: ({ id }) => toGlobalId('Tenant', id) },
  ],
};

/** The fields of the API's Tenant, with its owners, settings, limits and usage. */
export function toTenantDetailsJson({ tenant, owners, ...policy }: TenantDetails): object {
  const { settings, limits, usage } = policy;
  return {
    ...toTenantJson(tenant),
    owners: owners.map(({ id, email, name }) => ({ id: toGlobalId('User', id), email, name })),
    settings,
    limits,
    usage: { members: usage.members, customRoles: usage.customRoles, sessions: usage.sessions },
  };
}

/** The same for people. */
export function formatTenantDetails({ tenant, owners, ...policy }: TenantDetails): string {
  const { settings, limits, usage } = policy;
  return formatFacts([
    ['Slug', tenant.slug],
    ['Name', tenant.name],
    ['Id', toGlobalId('Tenant', tenant.id)],
    ['Status', describeState(tenant)],
    ['Created', formatTime(tenant.createdAt)],
    ['Owners', owners.map(({ email }) => email).join(', ') || 'none that is active'],
    ['Members', `${usage.members} of at most ${limits.members}`],
    ['Own roles', `${usage.customRoles} of at most ${limits.customRoles}`],
    ['API keys', `at most ${limits.apiKeys}`],
    ['Sessions', `${usage.sessions} bound to it`],
    ['Default role', settings.defaultRoleKey],
    ['E-mail domains', settings.allowedEmailDomains.join(', ') || 'any'],
    ['Session limits', describeLifetimes(settings)],
    ['Metadata', JSON.stringify(tenant.metadata)],
  ]);
}

/** The state of a tenant, as the end of a sentence. */
export function describeState({ status, deletionAt }: Tenant): string {
  if (status !== 'pending_deletion') return status;
  return `closed, to be erased after ${formatTime(deletionAt)}`;
}

function describeStatus(status: Tenant['status']): string {
  return status === 'pending_deletion' ? 'closed' : status;
}

function describeLifetimes(settings: TenantSettings): string {
  const { sessionIdleTimeoutSeconds: idle, sessionAbsoluteTimeoutSeconds: absolute } = settings;
  const parts = [
    ...(idle === null ? [] : [`${idle} s unused`]),
    ...(absolute === null ? [] : [`${absolute} s altogether`]),
  ];
  return parts.join(', ') || 'those of the platform';
}
