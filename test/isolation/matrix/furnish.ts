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
import type { House } from './callers.ts';
import { addressOf, agentWord, personWord, wordOf } from './canaries.ts';
import type { Ids } from './scene.ts';

/** What is in a tenant: the ids that calls name, all about one colleague. */
export type Things = {
  ids: Ids;
  tenantUuid: string;
  userUuid: string;
  membershipNote: string;
};

/** Puts something of everything into a tenant, and the tenant's word into every text of it. */
export async function furnish(
  app: TestApp,
  house: House,
  team: Team,
  insiders: Record<string, Person>,
): Promise<Things> {
  const word = wordOf[house];
  const { rows } = await app.owner.query<{ id: string }>(
    `insert into roles (tenant_id, key, name, description, permissions)
     select $1, k, $2 || ' ' || k, $2 || ' ' || k || ' description', '{tenant:read}'
     from unnest(array[$2 || '-held', $2 || '-spare']) k returning id`,
    [team.tenantUuid, word],
  );
  const [held = '', spare = ''] = rows.map(({ id }) => toPublicId('role', id, team.tenantUuid));
  const colleague = await createPerson(app);
  const membership = await addMember(app, team, colleague, 'member', `${word}-held`);
  await nameTenant(app, house, team);
  for (const [name, person] of Object.entries({ owner: team.owner, colleague, ...insiders })) {
    await namePerson(app, personWord(house, name), person);
  }
  const key = await createKey(app, house, team, colleague);
  const slug = word;
  const email = emailOf(personWord(house, 'colleague'));
  const unbound = await openSession(app, { ...colleague, email });
  const bound = await openSession(app, { ...colleague, email }, slug);
  await nameSessions(app, word, addressOf[house]);
  const event = await appendEvent(app, house, {
    tenant: team.tenantUuid,
    actor: colleague.userUuid,
    impersonator: team.owner.userUuid,
    target: toUuid(membership),
  });
  const invitation = await inviteSomebody(app, house, team);
  return {
    tenantUuid: team.tenantUuid,
    userUuid: colleague.userUuid,
    membershipNote: personWord(house, 'membership'),
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

/** A key of the colleague's, who did not need to be asked. */
async function createKey(
  app: TestApp,
  house: House,
  team: Team,
  colleague: Person,
): Promise<{ id: string; secret: string }> {
  const { secret, tokenHash, hint } = createApiKeyToken(getApiKeyPrefix('test'));
  const { rows } = await app.owner.query<{ id: string }>(
    `insert into api_keys (tenant_id, created_by, name, token_hash, hint, permissions, expires_at)
     values ($1, $2, $3, $4, $5, '{tenant:read}', now() + interval '1 day') returning id`,
    [team.tenantUuid, colleague.userUuid, `key of ${wordOf[house]}`, tokenHash, hint],
  );
  return { id: rows[0]?.id ?? '', secret };
}

async function nameTenant(app: TestApp, house: House, team: Team): Promise<void> {
  const word = wordOf[house];
  await app.owner.query(
    `update tenants set slug = $2, name = $2 || ' tenant',
       metadata = jsonb_build_object('note', $2 || ' tenant') where id = $1`,
    [team.tenantUuid, word],
  );
}

/** Puts a word into every text about a person, but those of its sessions. */
export async function namePerson(app: TestApp, word: string, person: Person): Promise<void> {
  await app.owner.query(
    `update users set email = $2, email_verified_at = now(), name = $3, avatar_url = 'https://people.example/' || $3,
       locale = 'de', metadata = jsonb_build_object('note', $3::text) where id = $1`,
    [person.userUuid, emailOf(word), word],
  );
  await app.owner.query(
    `update user_tenants set metadata = jsonb_build_object('note', $2::text) where user_id = $1`,
    [person.userUuid, word],
  );
}

/** The same for the sessions of everybody whose word begins so. */
export async function nameSessions(app: TestApp, word: string, address: string): Promise<void> {
  await app.owner.query(
    `update sessions s set ip = $2, user_agent = $3 || u.name from users u
     where u.id = s.user_id and u.name like $1 || '%'`,
    [word, address, agentWord('')],
  );
}

/** By the owner, with the role that nobody has yet. */
async function inviteSomebody(app: TestApp, house: House, { tenantUuid, owner }: Team) {
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
    [tenantUuid, emailOf(personWord(house, 'invited')), hash, owner.userUuid],
  );
  return { id: toPublicId('invite', rows[0]?.id ?? '', tenantUuid), token };
}

/** The newest entry of the tenant's audit log, with everything that an entry may tell. */
async function appendEvent(
  app: TestApp,
  house: House,
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
      personWord(house, 'colleague'),
      addressOf[house],
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

/** The e-mail address of a person with this word. */
function emailOf(word: string): string {
  return `${word}@people.example`;
}
