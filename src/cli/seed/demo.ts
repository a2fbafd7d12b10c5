import type { Config } from '../../config.ts';
import { createPasswordHasher } from '../../core/passwords/hasher.ts';
import { type Operator, withOperator } from '../../db/operator.ts';
import type { Log } from '../../lib/log.ts';
import { createUuidV7 } from '../../lib/uuid.ts';
import { demoPeople, demoTenants, getDemoPassword } from './demo-people.ts';
import {
  type Batch,
  insertStagedTenants,
  insertStagedUsers,
  prepareLoad,
  stageTenants,
  stageUsers,
} from './load.ts';
import { userAgents } from './words.ts';

/**
 * `made` now · `present`: all its users exist · `absent`: the database has other users · `partial`: some
 * of its names are taken.
 */
export type DemoOutcome = 'made' | 'present' | 'absent' | 'partial';

type Found = { people: number; tenants: number; hasUsers: boolean };

/** Whether the demo's platform admin, whose password is published, can sign in here. */
export function hasDemo(ownerUrl: string): Promise<boolean> {
  return withOperator(ownerUrl, async (operator) => (await findDemo(operator)).people > 0);
}

/**
 * Creates the demo in one transaction unless it exists. With `isOnlyWhenEmpty` only in a database without users. Throws
 * what the database throws.
 */
export function seedDemo(
  ownerUrl: string,
  config: Pick<Config, 'passwords' | 'sessions'>,
  { isOnlyWhenEmpty, log }: { isOnlyWhenEmpty: boolean; log: Log },
): Promise<DemoOutcome> {
  return withOperator(
    ownerUrl,
    async (operator) => {
      const early = decide(await findDemo(operator), isOnlyWhenEmpty);
      if (early !== 'made') return early;
      const batch = await createDemoBatch(config.passwords);
      await prepareLoad(operator);
      return operator.transaction(async () => {
        // Only one of several starting servers creates it.
        await operator.takeLock('demo data', 'commit');
        const outcome = decide(await findDemo(operator), isOnlyWhenEmpty);
        if (outcome !== 'made') return outcome;
        await stageUsers(operator, batch);
        await stageTenants(operator, batch);
        await insertStagedUsers(operator);
        await insertStagedTenants(operator, {
          lifetime: config.sessions,
          isCheckedByBatch: false,
        });
        return outcome;
      });
    },
    { log },
  );
}

async function findDemo(operator: Operator): Promise<Found> {
  const [found] = await operator.query<Found>(
    `select
       (select count(*)::int from users where email = any ($1)) as people,
       (select count(*)::int from tenants where slug = any ($2)) as tenants,
       exists (select from users) as "hasUsers"`,
    [demoPeople.map(({ email }) => email), demoTenants.map(({ slug }) => slug)],
  );
  return found ?? { people: 0, tenants: 0, hasUsers: false };
}

function decide(found: Found, isOnlyWhenEmpty: boolean): DemoOutcome {
  // Tenants are not compared, because they may have been renamed.
  if (found.people === demoPeople.length) return 'present';
  if (found.people + found.tenants > 0) return 'partial';
  return isOnlyWhenEmpty && found.hasUsers ? 'absent' : 'made';
}

async function createDemoBatch(settings: Config['passwords']): Promise<Batch> {
  const hasher = createPasswordHasher({ ...settings, queueMax: demoPeople.length });
  const tenants = demoTenants.map((tenant) => ({
    ...tenant,
    id: createUuidV7(),
    status: 'active' as const,
  }));
  const batch: Batch = { tenants, users: [], memberships: [], sessions: [] };
  const hashes = demoPeople.map(({ email }) => hasher.hash(getDemoPassword(email)));
  for (const [index, person] of demoPeople.entries()) {
    const id = createUuidV7();
    const { roles, hoursSinceSignIn, ...profile } = person;
    const lastSignInAt =
      hoursSinceSignIn === null ? null : new Date(Date.now() - hoursSinceSignIn * 3_600_000);
    batch.users.push({
      ...profile,
      id,
      status: 'active',
      lastSignInAt,
      passwordHash: (await hashes[index]) ?? '',
    });
    for (const tenant of tenants) {
      const roleKey = roles[tenant.slug];
      if (roleKey === undefined) continue;
      const common = { tenantId: tenant.id, userId: id };
      batch.memberships.push({ ...common, roleKey, isActive: true, lastSignInAt });
      if (lastSignInAt === null) continue;
      const userAgent = userAgents[index % userAgents.length] ?? userAgents[0];
      batch.sessions.push({ ...common, ip: `192.0.2.${index + 1}`, userAgent });
    }
  }
  return batch;
}
