import { type Operator, withOperator } from '../../db/operator.ts';
import { type Log, silentLog } from '../../lib/log.ts';
import {
  checkByBatch,
  insertStagedTenants,
  insertStagedUsers,
  prepareLoad,
  type SessionLifetime,
  stageTenants,
  stageUsers,
  type TenantsInsert,
} from './load.ts';
import { createBatches, getLargestTenantSlug, type RunSettings } from './people.ts';
import type { SeedSize } from './plan.ts';
import { splitByTenant } from './shards.ts';

export type BulkSettings = SeedSize & {
  /** The hash of the shared password. */
  passwordHash: string;
  lifetime: SessionLifetime;
  /** Called after each batch with its number of users. */
  onProgress: (usersAdded: number) => void;
  /** Gets a warning while another seed runs. */
  log?: Log;
};

/** Result of a bulk seed, and where to look at it. */
export type BulkResult = SeedSize & {
  run: number;
  seconds: number;
  largestTenant: { slug: string; members: number };
  /** Two users who can sign in; the first owns the largest tenant. */
  sampleEmails: string[];
};

/**
 * Adds tenants, users, memberships and sessions with unique addresses and slugs. If interrupted it leaves complete
 * tenants, and perhaps users without a tenant. Memory stays constant. Throws what the database throws.
 */
export function seedInBulk(ownerUrl: string, settings: BulkSettings): Promise<BulkResult> {
  const began = performance.now();
  return withOperator(
    ownerUrl,
    async (operator) => {
      // Two at once would take the same run number.
      await operator.takeLock('bulk seed', 'disconnect');
      const run = await findNextRun(operator);
      const sampleEmails = await withOperator(ownerUrl, (second) =>
        withOperator(ownerUrl, (third) =>
          loadBatches({ forUsers: operator, forTenants: [second, third] }, { ...settings, run }),
        ),
      );
      const largestTenant = await getTenant(operator, getLargestTenantSlug(run));
      const { tenants, users, memberships, sessions } = settings;
      const seconds = Math.round(performance.now() - began) / 1_000;
      return { run, tenants, users, memberships, sessions, seconds, largestTenant, sampleEmails };
    },
    { log: settings.log ?? silentLog },
  );
}

/** Three connections; PostgreSQL uses a core for each while inserting. */
type Connections = { forUsers: Operator; forTenants: readonly [Operator, Operator] };

/**
 * Loads all batches and returns the first two addresses. While one connection inserts the users of
 * a batch, the others insert what refers to the users of the batch before, and the next is made.
 */
async function loadBatches(
  { forUsers, forTenants }: Connections,
  settings: RunSettings & BulkSettings,
) {
  const how = await prepareConnections({ forUsers, forTenants }, settings.lifetime);
  const sampleEmails: string[] = [];
  const batches = createBatches(settings);
  let insertingTenants = Promise.resolve();
  for (let next = batches.next(); !next.done; ) {
    const batch = next.value;
    await stageUsers(forUsers, batch);
    const insertingUsers = forUsers.transaction(() => insertStagedUsers(forUsers));
    next = batches.next();
    await Promise.all([insertingTenants, insertingUsers]);
    const shards = splitByTenant(batch, forTenants.length);
    await Promise.all(forTenants.map((each, at) => stageTenants(each, shards[at] ?? batch)));
    insertingTenants = insertTenants(forTenants, how);
    // A failure is thrown where the next iteration awaits it.
    insertingTenants.catch(() => undefined);
    if (sampleEmails.length === 0) {
      sampleEmails.push(...batch.users.slice(0, 2).map(({ email }) => email));
    }
    settings.onProgress(batch.users.length);
  }
  await Promise.all([insertingTenants, vacuum(forUsers, 'users, password_credentials')]);
  await Promise.all([
    vacuum(forTenants[0], 'tenants, roles, user_tenants'),
    vacuum(forTenants[1], 'membership_roles, sessions'),
  ]);
  return sampleEmails;
}

async function prepareConnections(
  { forUsers, forTenants }: Connections,
  lifetime: SessionLifetime,
): Promise<TenantsInsert> {
  await Promise.all([forUsers, ...forTenants].map(prepareLoad));
  const checks = await Promise.all(forTenants.map(checkByBatch));
  return { lifetime, isCheckedByBatch: checks.every(Boolean) };
}

/** Updates planner statistics, search indexes and visibility maps. */
async function vacuum(operator: Operator, tables: string): Promise<void> {
  await operator.asOwner([`vacuum (analyze) ${tables}`]);
}

async function insertTenants(
  operators: Connections['forTenants'],
  how: TenantsInsert,
): Promise<void> {
  const insert = (operator: Operator) =>
    operator.transaction(() => insertStagedTenants(operator, how));
  await Promise.all(operators.map(insert));
}

/** Runs are numbered in the metadata of their tenants. */
async function findNextRun(operator: Operator): Promise<number> {
  const [last] = await operator.query<{ run: number }>(
    `select coalesce(max((metadata->>'seedRun')::numeric), 0)::float8 as run
     from tenants where jsonb_typeof(metadata->'seedRun') = 'number'`,
  );
  return (last?.run ?? 0) + 1;
}

async function getTenant(operator: Operator, slug: string) {
  const [found] = await operator.query<{ slug: string; members: number }>(
    'select slug, member_count as members from tenants where slug = $1',
    [slug],
  );
  if (!found) throw new Error(`The tenant ${slug} was created but does not exist.`);
  return found;
}
