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
  /** Everybody's password, hashed. */
  passwordHash: string;
  lifetime: SessionLifetime;
  /** Told after each batch how many users came with it. */
  onProgress: (usersAdded: number) => void;
  /** Hears of a wait for another seed. */
  log?: Log;
};

/** Result of a bulk seed, and where to look at it. */
export type BulkResult = SeedSize & {
  run: number;
  seconds: number;
  largestTenant: { slug: string; members: number };
  /** Two people who can sign in; the first owns the largest tenant. */
  sampleEmails: string[];
};

/**
 * Adds tenants, users, memberships and sessions to whatever is there, with addresses and slugs of
 * its own. Interrupted, it leaves whole tenants, and perhaps users who belong to none. Memory stays
 * flat. Throws what the database throws.
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

/** A line of work in three hands; inserting is the database's work and takes a core for each. */
type Hands = { forUsers: Operator; forTenants: readonly [Operator, Operator] };

/**
 * Loads all batches and returns the first two addresses. While one connection inserts the users of
 * a batch, the others insert what refers to the users of the batch before, and the next is made.
 */
async function loadBatches({ forUsers, forTenants }: Hands, settings: RunSettings & BulkSettings) {
  const how = await prepareHands({ forUsers, forTenants }, settings.lifetime);
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
    // A failure is raised where the next round waits for it.
    insertingTenants.catch(() => undefined);
    if (sampleEmails.length === 0) {
      sampleEmails.push(...batch.users.slice(0, 2).map(({ email }) => email));
    }
    settings.onProgress(batch.users.length);
  }
  await Promise.all([insertingTenants, tidy(forUsers, 'users, password_credentials')]);
  await Promise.all([
    tidy(forTenants[0], 'tenants, roles, user_tenants'),
    tidy(forTenants[1], 'membership_roles, sessions'),
  ]);
  return sampleEmails;
}

async function prepareHands(
  { forUsers, forTenants }: Hands,
  lifetime: SessionLifetime,
): Promise<TenantsInsert> {
  await Promise.all([forUsers, ...forTenants].map(prepareLoad));
  const checks = await Promise.all(forTenants.map(checkByBatch));
  return { lifetime, isCheckedByBatch: checks.every(Boolean) };
}

/** Statistics for the planner, the search indexes merged, pages known to be visible to all. */
async function tidy(operator: Operator, tables: string): Promise<void> {
  await operator.asOwner([`vacuum (analyze) ${tables}`]);
}

async function insertTenants(operators: Hands['forTenants'], how: TenantsInsert): Promise<void> {
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
  if (!found) throw new Error(`The tenant ${slug} was made and is not there.`);
  return found;
}
