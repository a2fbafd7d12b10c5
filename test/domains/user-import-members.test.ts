import { describe, expect, test } from 'vitest';
import { describeApp } from '../support/describe-app.ts';
import { importInto, toNdjson } from '../support/import-into.ts';
import { countRows, findChainViolation, readAuditLog } from '../support/life-cycle.ts';
import { addMember, createPerson, createTeam } from '../support/people.ts';

const app = describeApp();

describe('user import into tenants', () => {
  const rolesOf = async (email: string) => {
    const { rows } = await app.owner.query(
      `select t.slug, array_agg(r.key order by r.key) as roles
       from users u join user_tenants m on m.user_id = u.id join tenants t on t.id = m.tenant_id
       join membership_roles mr on mr.membership_id = m.id join roles r on r.id = mr.role_id
       where u.email = $1 group by 1 order by 1`,
      [email],
    );
    return rows.map(({ slug, roles }) => [slug, roles]);
  };

  test('makes members, also of several tenants and of who is there, each notified of in the tenant', async () => {
    const [one, other] = [await createTeam(app), await createTeam(app)];
    const present = await createPerson(app);
    const { results, summary } = await importInto(app, {
      format: 'csv',
      text: `email,tenantSlug,roleKeys
many@members.example,${one.slug},"admin, viewer"
many@members.example,${other.slug},
many@members.example,${other.slug},admin
${present.email},${one.slug},member
`,
    });
    expect(results.map(({ outcome }) => outcome)).toEqual([
      'created',
      'updated',
      'skipped',
      'updated',
    ]);
    expect(await rolesOf('many@members.example')).toEqual(
      [
        [one.slug, ['admin', 'viewer']],
        [other.slug, ['member']],
      ].sort(),
    );
    expect(await rolesOf(present.email)).toEqual([[one.slug, ['member']]]);
    expect((await readAuditLog(app, one.tenantUuid)).at(-1)).toEqual({
      action: 'members.imported',
      actor: null,
      target: one.tenantUuid,
      changes: { members: [null, 2], importId: [null, summary.importId] },
    });
    expect(await findChainViolation(app, one.tenantUuid)).toBeNull();
    expect(await countRows(app, 'tenants where id = $1 and member_count = 3', one.tenantUuid)).toBe(
      1,
    );
  });

  test('leaves the roles of who is a member already', async () => {
    const team = await createTeam(app);
    const person = await createPerson(app);
    await addMember(app, team, person, 'viewer');
    const row = { email: person.email, tenantSlug: team.slug, roleKeys: ['owner'] };
    const { results } = await importInto(
      app,
      { format: 'ndjson', text: toNdjson([row]) },
      { isUpdate: true },
    );
    expect(results[0]?.outcome).toBe('skipped');
    expect(await rolesOf(person.email)).toEqual([[team.slug, ['viewer']]]);
  });

  test('refuses what the tenant has not, does not allow or has no room for, and then no user is made', async () => {
    const team = await createTeam(app);
    const closed = await createTeam(app);
    await app.owner.query(
      `update tenants set members_max = 2,
         settings = '{"allowedEmailDomains": ["firm.example"], "defaultRoleKey": "viewer"}'
       where id = $1`,
      [team.tenantUuid],
    );
    await app.owner.query(
      `update tenants set status = 'pending_deletion', deletion_at = now() where id = $1`,
      [closed.tenantUuid],
    );
    const tenantSlug = team.slug;
    const { results } = await importInto(app, {
      format: 'ndjson',
      text: toNdjson([
        { email: 'a@other.example', tenantSlug },
        { email: 'b@firm.example', tenantSlug, roleKeys: ['viewer', 'juggler'] },
        { email: 'c@firm.example', tenantSlug },
        { email: 'd@firm.example', tenantSlug },
        { email: 'd@firm.example', tenantSlug },
        { email: 'e@firm.example', tenantSlug: closed.slug },
      ]),
    });
    expect(results.map(({ outcome, field }) => [outcome, field])).toEqual([
      ['invalid', 'email'],
      ['invalid', 'roleKeys'],
      ['created', null],
      ['invalid', 'tenantSlug'],
      ['invalid', 'tenantSlug'],
      ['invalid', 'tenantSlug'],
    ]);
    expect(results[3]?.reason).toBe('"tenantSlug" names a tenant that may have at most 2 members.');
    expect(await rolesOf('c@firm.example')).toEqual([[team.slug, ['viewer']]]);
    for (const { email, outcome } of results) {
      expect([email, (await countRows(app, 'users where email = $1', email)) > 0]).toEqual([
        email,
        outcome === 'created',
      ]);
    }
  });
});
