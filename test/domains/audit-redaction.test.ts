import { beforeAll, expect, test } from 'vitest';
import { openSession } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';
import { manage } from '../support/life-cycle.ts';
import { updateMembership } from '../support/mutate.ts';
import {
  createMember,
  createPerson,
  createPlatformAdmin,
  createTeam,
  type Person,
  type Team,
} from '../support/people.ts';

const app = describeApp();
let admin: Person;
let team: Team;
beforeAll(async () => {
  admin = await createPlatformAdmin(app);
  team = await createTeam(app);
});

const erase = ({ userId }: Person) => manage(admin.ask, 'eraseUser', { userId });

async function listRows(chainId: string) {
  const { rows } = await app.owner.query(
    'select *, host(ip) as address from audit_events where chain_id = $1 order by sequence',
    [chainId],
  );
  return rows;
}

async function verify(chainId: string) {
  const { rows } = await app.owner.query('select * from verify_audit_chain($1)', [chainId]);
  return rows[0];
}

/** Writes an entry as the services do, as an operator. */
async function append(entry: {
  action: string;
  targetType: string;
  target: string;
  changes: object;
}) {
  const { action, targetType, target, changes } = entry;
  await app.owner.query(
    `select append_audit_event($1, null, $2, $3, $4, $5, 'request', '192.0.2.7')`,
    [team.tenantUuid, action, targetType, target, JSON.stringify(changes)],
  );
}

test('who is erased leaves an id in the audit log: no address, no personal value, and every row still proven', async () => {
  const member = await createMember(app, team, 'admin');
  await updateMembership(team.owner.ask, member.membershipId, {
    metadata: { nickname: 'Rumpelstiltskin' },
  });
  await updateMembership(team.owner.ask, member.membershipId, { roleKeys: ['admin', 'viewer'] });
  await manage(member.ask, 'updateTenant', {
    tenantId: team.tenantId,
    name: 'Renamed by the member',
  });
  await openSession(app, member, team.slug);
  const before = await listRows(team.tenantUuid);
  expect(JSON.stringify(before)).toContain('Rumpelstiltskin');
  await erase(member);

  const after = (await listRows(team.tenantUuid)).slice(0, before.length);
  expect(JSON.stringify(after)).not.toContain('Rumpelstiltskin');
  const own = after.filter(({ actor_id }) => actor_id === member.userUuid);
  expect(own.length).toBeGreaterThan(1);
  expect(own.every(({ address, redacted_at }) => address === null && redacted_at)).toBe(true);
  // What it did to the tenant stays told; so do the roles that it was given, and others' addresses.
  expect(own[0].changes).toMatchObject({ name: [expect.any(String), 'Renamed by the member'] });
  const about = after.filter(({ person_id, actor_id }) => person_id !== actor_id && person_id);
  expect(about).toMatchObject([
    { changes: {}, address: expect.any(String) },
    { changes: { roles: [['admin'], ['admin', 'viewer']] }, redacted_at: null },
  ]);
  expect(after.map(({ hash }) => hash)).toEqual(before.map(({ hash }) => hash));
  expect(await verify(team.tenantUuid)).toMatchObject({
    redacted: String(own.length + 1),
    fault: null,
  });
  expect(await verify(member.userUuid)).toMatchObject({ fault: null });
  for (const { address, actor_id } of await listRows(member.userUuid)) {
    expect(actor_id === member.userUuid ? address : null).toBeNull();
  }
});

test('an invitation to the address forgets it, whether or not it was somebody’s then', async () => {
  const email = 'guest@people.example';
  const invite = (to: string) =>
    append({
      action: 'invitation.created',
      targetType: 'Invitation',
      target: '00000000-0000-7000-8000-00000000abcd',
      changes: { email: [null, to], roleKeys: [null, ['member']] },
    });
  await invite(email);
  const guest = await createPerson(app, email);
  await invite(email);
  await invite('somebody-else@people.example');
  await erase(guest);
  const told = JSON.stringify(await listRows(team.tenantUuid));
  expect(told).not.toContain(email);
  expect(told).toContain('somebody-else@people.example');
  expect(await verify(team.tenantUuid)).toMatchObject({ fault: null });
});

test('what was taken out cannot be tried out: the salt went with it', async () => {
  const member = await createMember(app, team, 'admin');
  await manage(member.ask, 'updateTenant', { tenantId: team.tenantId, name: 'Once more' });
  await erase(member);
  const rows = (await listRows(team.tenantUuid)).filter(
    ({ actor_id }) => actor_id === member.userUuid,
  );
  expect(rows).toMatchObject([{ ip_salt: null, ip_digest: expect.any(Buffer) }]);
});

test.each([
  ['something is put where something was taken out', `changes = '{"name": [1, 2]}'`],
  ['an address is put there', `ip = '192.0.2.1'`],
  ['the digest is another', 'changes_digest = sha256(changes_digest)'],
  ['it is passed off as an old one', 'changes_digest = null, ip_digest = null'],
  ['whom it is about is another', 'person_id = uuidv7()'],
])('a redacted row is still proven: %s', async (_how, change) => {
  const other = await createTeam(app);
  const member = await createMember(app, other, 'member');
  await updateMembership(other.owner.ask, member.membershipId, { metadata: { a: 1 } });
  await manage(member.ask, 'updateTenant', { tenantId: other.tenantId, name: 'refused' });
  await erase(member);
  expect((await verify(other.tenantUuid)).fault).toBeNull();
  await app.owner.query('begin');
  await app.owner.query(
    `update audit_events set ${change}, redacted_at = now() where chain_id = $1 and sequence = 2`,
    [other.tenantUuid],
  );
  const { broken_sequence, fault } = await verify(other.tenantUuid);
  await app.owner.query('rollback');
  expect([broken_sequence, fault]).toEqual(['2', expect.stringContaining('does not say')]);
});

test('rows from before there were digests keep their hashes, and forget too', async () => {
  const person = await createPerson(app);
  const chain = person.userUuid;
  // As they were written then: the hash covers what stands in the row.
  await app.owner.query('begin');
  await app.owner.query(
    'update audit_events set changes_salt = null, ip_salt = null, person_id = null where chain_id = $1',
    [chain],
  );
  await app.owner.query(
    `do $$ declare e audit_events; previous bytea := sha256(''); begin
       for e in select * from audit_events where chain_id = '${chain}' order by sequence loop
         e.hash := audit_hash(previous, e);
         update audit_events set hash = e.hash where id = e.id;
         previous := e.hash;
       end loop;
       update audit_heads set hash = previous where chain_id = '${chain}';
     end $$`,
  );
  await app.owner.query('commit');
  expect((await verify(chain)).fault).toBeNull();
  await app.owner.query('begin');
  await app.owner.query(`update audit_events set ip = '192.0.2.99' where chain_id = $1`, [chain]);
  expect((await verify(chain)).fault).not.toBeNull();
  await app.owner.query('rollback');
  await erase(person);
  expect((await verify(chain)).fault).toBeNull();
  const addresses = (await listRows(chain)).filter(({ actor_id }) => actor_id === person.userUuid);
  expect(addresses.every(({ address }) => address === null)).toBe(true);
});

test('readers of the audit log see that something was taken out', async () => {
  const member = await createMember(app, team, 'admin');
  await manage(member.ask, 'updateTenant', { tenantId: team.tenantId, name: 'And once more' });
  await erase(member);
  const { data } = await team.owner.ask(
    `query ($id: ID!, $where: AuditWhere) { tenant(id: $id) { auditEvents(where: $where) {
       edges { node { ip redactedAt actorId } } } } }`,
    { variables: { id: team.tenantId, where: { actorId: member.userId } } },
  );
  expect(data.tenant.auditEvents.edges).toEqual([
    { node: { ip: null, redactedAt: expect.any(String), actorId: member.userId } },
  ]);
});
