import { createApiKeyToken, getApiKeyPrefix } from '../../../src/domains/api-keys/token.ts';
import { mintToken } from '../../../src/lib/token.ts';
import type { TestApp } from '../../support/app.ts';
import { openSession } from '../../support/credentials.ts';
import {
  addMember,
  createPerson,
  type Person,
  type Team,
  toPublicId,
  toUuid,
} from '../../support/people.ts';
import type { Ids } from './attempt.ts';
import type { TenantName } from './callers.ts';
import { addressOf, agentMarker, markerOf, personMarker } from './markers.ts';

/** The objects of a tenant, most of them of one colleague. */
export type TenantContents = {
  ids: Ids;
  tenantUuid: string;
  userUuid: string;
  membershipNote: string;
};

/** Creates an object of each type in a tenant, with the tenant's marker in every text. */
export async function fillTenant(
  app: TestApp,
  tenant: TenantName,
  team: Team,
  insiders: Record<string, Person>,
): Promise<TenantContents> {
  const marker = markerOf[tenant];
  const { rows } = await app.owner.query<{ id: string }>(
    `insert into roles (tenant_id, key, name, description, permissions)
     select $1, k, $2 || ' ' || k, $2 || ' ' || k || ' description', '{tenant:read}'
     from unnest(array[$2 || '-held', $2 || '-spare']) k returning id`,
    [team.tenantUuid, marker],
  );
  const [held = '', spare = ''] = rows.map(({ id }) => toPublicId('role', id, team.tenantUuid));
  const colleague = await createPerson(app);
  const membership = await addMember(app, team, colleague, 'member', `${marker}-held`);
  await markTenant(app, tenant, team);
  for (const [name, person] of Object.entries({ owner: team.owner, colleague, ...insiders })) {
    await markPerson(app, personMarker(tenant, name), person);
  }
  const key = await createKey(app, tenant, team, colleague);
  const slug = marker;
  const email = emailOf(personMarker(tenant, 'colleague'));
  const unbound = await openSession(app, { ...colleague, email });
  const bound = await openSession(app, { ...colleague, email }, slug);
  await markSessions(app, marker, addressOf[tenant]);
  const event = await appendEvent(app, tenant, {
    tenant: team.tenantUuid,
    actor: colleague.userUuid,
    impersonator: team.owner.userUuid,
    target: toUuid(membership),
  });
  const invitation = await createInvitation(app, tenant, team);
  return {
    tenantUuid: team.tenantUuid,
    userUuid: colleague.userUuid,
    membershipNote: personMarker(tenant, 'membership'),
    ids: {
      Tenant: team.tenantId,
      slug,
      User: colleague.userId,
      email,
      Membership: membership,
      Role: held,
      SpareRole: spare,
      AuditEvent: toPublicId('audit', event, team.tenantUuid),
      PreviousAuditEvent: toPublicId('audit', await findPreviousEvent(app, team), team.tenantUuid),
      Session: bound.id,
      UnboundSession: unbound.id,
      ApiKey: toPublicId('key', key.id, team.tenantUuid),
      token: bound.token,
      key: key.secret,
      Invitation: invitation.id,
      invitationToken: invitation.token,
    },
  };
}

/** An API key of the colleague, created in the database. */
async function createKey(
  app: TestApp,
  tenant: TenantName,
  team: Team,
  colleague: Person,
): Promise<{ id: string; secret: string }> {
  const { secret, tokenHash, hint } = createApiKeyToken(getApiKeyPrefix('test'));
  const { rows } = await app.owner.query<{ id: string }>(
    `insert into api_keys (tenant_id, created_by, name, token_hash, hint, permissions, expires_at)
     values ($1, $2, $3, $4, $5, '{tenant:read}', now() + interval '1 day') returning id`,
    [team.tenantUuid, colleague.userUuid, `key of ${markerOf[tenant]}`, tokenHash, hint],
  );
  return { id: rows[0]?.id ?? '', secret };
}

async function markTenant(app: TestApp, tenant: TenantName, team: Team): Promise<void> {
  const marker = markerOf[tenant];
  await app.owner.query(
    `update tenants set slug = $2, name = $2 || ' tenant',
       metadata = jsonb_build_object('note', $2 || ' tenant') where id = $1`,
    [team.tenantUuid, marker],
  );
}

/** Puts a marker into every text about a person, except those of their sessions. */
export async function markPerson(app: TestApp, marker: string, person: Person): Promise<void> {
  await app.owner.query(
    `update users set email = $2, email_verified_at = now(), name = $3, avatar_url = 'https://people.example/' || $3,
       locale = 'de', metadata = jsonb_build_object('note', $3::text) where id = $1`,
    [person.userUuid, emailOf(marker), marker],
  );
  await app.owner.query(
    `update user_tenants set metadata = jsonb_build_object('note', $2::text) where user_id = $1`,
    [person.userUuid, marker],
  );
}

/** The same for the sessions of all people whose marker starts with this text. */
export async function markSessions(app: TestApp, marker: string, address: string): Promise<void> {
  await app.owner.query(
    `update sessions s set ip = $2, user_agent = $3 || u.name from users u
     where u.id = s.user_id and u.name like $1 || '%'`,
    [marker, address, agentMarker('')],
  );
}

/** An invitation by the owner, with the role that nobody has. */
async function createInvitation(app: TestApp, tenant: TenantName, { tenantUuid, owner }: Team) {
  const { token, hash } = mintToken('tenantry_invite');
  const { rows } = await app.owner.query<{ id: string }>(
    `with made as (
       insert into invitations (tenant_id, email, token_hash, invited_by, expires_at)
       values ($1, $2, $3, $4, now() + interval '1 day') returning *
     ), given as (
       insert into invitation_roles (tenant_id, invitation_id, role_id)
       select m.tenant_id, m.id, r.id from made m
       join roles r on r.tenant_id = m.tenant_id and r.key like '%-spare'
     )
     select id from made`,
    [tenantUuid, emailOf(personMarker(tenant, 'invited')), hash, owner.userUuid],
  );
  return { id: toPublicId('invite', rows[0]?.id ?? '', tenantUuid), token };
}

/** Appends an entry to the tenant's audit log, with all its fields set. */
async function appendEvent(
  app: TestApp,
  tenant: TenantName,
  about: { tenant: string; actor: string; impersonator: string; target: string },
): Promise<string> {
  const { rows } = await app.owner.query<{ id: string }>(
    `with head as (
       insert into audit_heads as h (chain_id, sequence, hash) values ($1, 1, sha256(''))
       on conflict (chain_id) do update set sequence = h.sequence + 1 returning *
     )
     insert into audit_events (chain_id, sequence, tenant_id, action, actor_id, impersonator_id,
       target_type, target_id, changes, request_id, ip, hash)
     select chain_id, sequence, chain_id, 'membership.updated', $2, $3, 'Membership', $4,
       jsonb_build_object('note', $5::text), 'request of ' || $5, $6, hash from head
     returning id`,
    [
      about.tenant,
      about.actor,
      about.impersonator,
      about.target,
      personMarker(tenant, 'colleague'),
      addressOf[tenant],
    ],
  );
  return rows[0]?.id ?? '';
}

async function findPreviousEvent(app: TestApp, { tenantUuid }: Team): Promise<string> {
  const { rows } = await app.owner.query<{ id: string }>(
    'select id from audit_events where chain_id = $1 order by sequence desc offset 1 limit 1',
    [tenantUuid],
  );
  return rows[0]?.id ?? '';
}

/** The e-mail address of the person with this marker. */
function emailOf(marker: string): string {
  return `${marker}@people.example`;
}
