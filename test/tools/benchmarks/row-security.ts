import '../../support/in-run-folder.ts';
import { loadConfig } from '../../../src/config.ts';
import { guardDatabase } from '../../../src/core/data/guarded-database.ts';
import { createDatabase, type Database } from '../../../src/db/database.ts';
import { noScope } from '../../../src/db/scope.ts';
import { ensureServing } from '../../support/serving.ts';
import { type LoadResult, runLoad } from './load.ts';
import { ask, describeMachine, getMedian, openStage, print, runSql, startServer } from './stage.ts';

// The overhead of row security: 50 members of a tenant with user and roles, against a server with row security disabled
// and without scopes. Interleaved A B B A in one run.

const repetitions = 5;
const load = { connections: 16, milliseconds: 3_000 };
const lossMax = 0.15;

const tables = 'users tenants roles user_tenants membership_roles sessions'.split(' ');

/** 100 tenants with 100 members each, besides the tenant that signs up. */
const fillSql = `
  insert into users (email, name)
    select 'person-' || n || '@example.com', 'Person ' || n from generate_series(1, 10000) n;
  insert into tenants (slug, name)
    select 'tenant-' || n, 'Tenant ' || n from generate_series(1, 100) n;
  insert into roles (tenant_id, key, name, is_built_in, permissions)
    select t.id, b.key, b.name, true, b.permissions from tenants t cross join built_in_roles b
    on conflict do nothing;
  insert into user_tenants (tenant_id, user_id, last_sign_in_at)
    select t.id, u.id, now() - random() * interval '1 year'
    from (select id, row_number() over (order by id) - 1 as n from tenants) t
    join (select id, row_number() over (order by id) - 1 as n from users) u on u.n % 101 = t.n
    on conflict do nothing;
  insert into membership_roles (tenant_id, membership_id, role_id)
    select m.tenant_id, m.id, r.id from user_tenants m
    join roles r on r.tenant_id = m.tenant_id and r.key = 'member' on conflict do nothing;
  analyze`;

/** The view of members repeats the policies, so they are removed from it as well. */
const unscopedView = `do $$ begin
  execute 'create or replace view tenant_members as '
    || regexp_replace(pg_get_viewdef('tenant_members'::regclass), 'WHERE.*$', '');
end $$`;

const query = `{ tenant(slug: "measured") { memberships(first: 50) { edges { node {
  user { id email name } roles { key name } lastSignInAt } } } } }`;

const stage = await openStage();
try {
  const secured = await createSide('with_row_security', false);
  const without = await createSide('without_row_security', true);
  const ratios: number[] = [];
  await secured.run();
  await without.run();
  for (let round = 1; round <= repetitions; round += 1) {
    const a1 = await secured.run();
    const b1 = await without.run();
    const b2 = await without.run();
    const a2 = await secured.run();
    const ratio = (a1.perSecond + a2.perSecond) / (b1.perSecond + b2.perSecond);
    ratios.push(ratio);
    print(
      `round ${round}: with ${Math.round(a1.perSecond)} and ${Math.round(a2.perSecond)}/s, ` +
        `without ${Math.round(b1.perSecond)} and ${Math.round(b2.perSecond)}/s, ratio ${ratio.toFixed(3)}`,
    );
  }
  const median = getMedian(ratios);
  const isMet = median >= 1 - lossMax;
  print(`machine: ${describeMachine()}`);
  print(
    '50 members with user and roles, throughput with vs without row security: ' +
      `${median.toFixed(3)} (at least ${1 - lossMax}): ${isMet ? 'met' : 'NOT MET'}`,
  );
  process.exitCode = isMet ? 0 : 1;
  await secured.close();
  await without.close();
} finally {
  await stage.clear();
}

type Page = { tenant: { memberships: { edges: unknown[] } } };

async function createSide(name: string, isOff: boolean) {
  const ownerUrl = await stage.createDatabase(name);
  if (isOff) {
    const off = tables.map(
      (table) => `alter table ${table} no force row level security, disable row level security`,
    );
    await runSql(ownerUrl, [...off, unscopedView].join(';'));
  }
  const app = await startServer(ownerUrl, {}, isOff ? { database: await unscoped(ownerUrl) } : {});
  const { signUp } = await ask<{ signUp: { token: string } }>(
    app.url,
    `mutation { signUp(input: { email: "owner@example.com", password: "a harbour without any wind",
      tenantName: "Measured", tenantSlug: "measured" }) { ... on SignUpSuccess { token } } }`,
  );
  await runSql(ownerUrl, fillSql);
  const { tenant } = await ask<Page>(app.url, query, signUp.token);
  if (tenant.memberships.edges.length !== 50)
    throw new Error(`the page does not have 50 members ${name}`);
  const run = async (): Promise<LoadResult> => {
    const result = await runLoad({
      ...load,
      url: app.url,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${signUp.token}` },
      body: JSON.stringify({ query }),
    });
    if (result.failures > 0) throw new Error(`${result.failures} requests failed in ${name}`);
    return result;
  };
  return { run, close: app.close };
}

/** The same database access without scopes. */
async function unscoped(ownerUrl: string): Promise<Database> {
  const { database } = loadConfig({ NODE_ENV: 'test' });
  const db = createDatabase({ ...database, url: await ensureServing(ownerUrl) });
  return guardDatabase({ ...db, read: (_scope, work) => db.read(noScope, work) });
}
