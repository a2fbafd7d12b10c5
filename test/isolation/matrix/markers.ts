import { type Caller, listPermissions, type TenantName, tenantNames, tenantOf } from './callers.ts';

/**
 * A marker is part of every text of its tenant and of no other. A response that contains it shows data of
 * that tenant, through any field.
 */
export const markerOf: Record<TenantName, string> = {
  home: 'cedarfinch',
  foreign: 'basaltwren',
  third: 'ambermoth',
  office: 'quartzlark',
};

/** The IP address of the sessions of a tenant's users (RFC 5737). */
export const addressOf: Record<TenantName, string> = {
  home: '192.0.2.11',
  foreign: '198.51.100.22',
  third: '203.0.113.33',
  office: '192.0.2.44',
};

/** The marker of the caller who belongs to two tenants; members of both may read it. */
export const boundMarker = 'willowroe';

/** The markers of one person, and of their sessions. */
export const personMarker = (tenant: TenantName, name: string) => `${markerOf[tenant]}-${name}`;
export const agentMarker = (marker: string) => `agent of ${marker}`;

/** All members of `home`. */
const people = ['owner', 'admin', 'member', 'impersonated', 'viewer', 'colleague', 'bound'];
const markerOfMember = (name: string) =>
  name === 'bound' ? boundMarker : personMarker('home', name);

/** Markers of the tenants to which the caller does not belong; none for platform administrators. */
export function listForeignMarkers(caller: Caller): string[] {
  if (caller === 'platformAdmin') return [];
  return tenantNames
    .filter((tenant) => tenant !== tenantOf[caller])
    .flatMap((tenant) => [markerOf[tenant], addressOf[tenant]]);
}

/** Markers of the caller's own tenant that the caller has no permission to read. */
export function listForbiddenMarkers(caller: Caller): string[] {
  if (tenantOf[caller] !== 'home') return [];
  const others = people.filter((name) => name !== caller);
  const permissions = listPermissions(caller);
  // Every member can see the owner.
  const hidden = permissions.has('members:read') ? [] : others.filter((name) => name !== 'owner');
  const hiddenAgents = permissions.has('sessions:read') ? [] : others;
  return [
    ...(permissions.has('invitations:read') ? [] : [personMarker('home', 'invited')]),
    ...hidden.map(markerOfMember),
    ...hiddenAgents.map((name) => agentMarker(markerOfMember(name))),
  ];
}
