import { createUuidV7 } from '../../lib/uuid.ts';
import type { Batch, SeedMembership, SeedSession, SeedTenant, SeedUser } from './load.ts';
import { createPlan, type SeedSize } from './plan.ts';
import { createRandom, type Random } from './random.ts';
import * as words from './words.ts';

/** Values shared by a whole run. */
export type RunSettings = SeedSize & {
  /** Counts from 1; it stands in every slug and address, so no two runs clash. */
  run: number;
  /** Everybody's password, hashed. */
  passwordHash: string;
};

/** Users are made in batches of at most this many rows of the kind that has most per user. */
const batchRows = 20_000;
const yearMs = 365 * 24 * 3_600 * 1_000;

/**
 * The rows of a run, a batch at a time. Names, addresses and dates are the same for the same
 * settings; ids and token hashes are fresh. A tenant comes in one batch with its owner, so a run
 * that is interrupted between two batches leaves nothing half made.
 */
export function* createBatches(settings: RunSettings): Generator<Batch> {
  const maker = createMaker(settings);
  const { users, tenants, memberships, sessions } = settings;
  const perUser = Math.max(1, tenants / users, memberships / users, sessions / users);
  const batchUsers = Math.max(1, Math.floor(batchRows / perUser));
  for (let first = 0; first < users; first += batchUsers) {
    const batch: Batch = { tenants: [], users: [], memberships: [], sessions: [] };
    const end = Math.min(users, first + batchUsers);
    for (let user = first; user < end; user += 1) maker(user, batch);
    yield batch;
  }
}

/** The slug of a run's largest tenant. */
export function getLargestTenantSlug(run: number): string {
  return nameTenant(run, 0).slug;
}

/** Adds one user with all that belongs to it; to be called with 0, 1, 2 and so on. */
function createMaker(settings: RunSettings): (user: number, batch: Batch) => void {
  const plan = createPlan(settings);
  const random = createRandom(settings.run);
  const now = Date.now();
  const tenantIds: string[] = [];
  return (number, batch) => {
    const founded = plan.listFounded(number);
    for (const tenant of founded) {
      const made = createTenant(settings.run, tenant);
      tenantIds[tenant] = made.id;
      batch.tenants.push(made);
    }
    const joined = plan.listJoined(number);
    const sessions = plan.countSessions(number);
    const user = createUser(number, { settings, random, now, home: founded[0] ?? joined[0] });
    // Owners, and people with a session, can sign in and have done so.
    if (founded.length > 0) user.status = 'active';
    if (sessions > 0) user.lastSignInAt ??= new Date(now);
    batch.users.push(user);
    const join = (tenant: number, roleKey: string, isActive: boolean): SeedMembership => ({
      tenantId: tenantIds[tenant] ?? '',
      userId: user.id,
      roleKey,
      isActive,
      lastSignInAt: isActive ? user.lastSignInAt : null,
    });
    const memberships = [
      ...founded.map((tenant) => join(tenant, 'owner', true)),
      ...joined.map((tenant) => join(tenant, drawRole(random), !random.isHit(0.02))),
    ];
    batch.memberships.push(...memberships);
    const home = memberships.find(({ isActive }) => isActive)?.tenantId ?? null;
    for (let session = 0; session < sessions; session += 1) {
      batch.sessions.push(createSession(user.id, home, random));
    }
  };
}

function createTenant(run: number, number: number): SeedTenant {
  const random = createRandom(number + 1);
  const { name, slug } = nameTenant(run, number);
  return {
    id: createUuidV7(),
    name,
    slug,
    status: 'active',
    metadata: {
      plan: random.pick(words.plans),
      country: random.pick(words.countries),
      seedRun: run,
    },
  };
}

/** Depends on the two numbers alone. */
function nameTenant(run: number, number: number): { name: string; slug: string; host: string } {
  const random = createRandom(run * 1_000_003 + number);
  const [adjective, noun] = [random.pick(words.tenantAdjectives), random.pick(words.tenantNouns)];
  const host = `${noun}-${run}-${number + 1}`.toLowerCase();
  return { name: `${adjective} ${noun}`, slug: `${adjective.toLowerCase()}-${host}`, host };
}

type UserSource = { settings: RunSettings; random: Random; now: number; home: number | undefined };

function createUser(number: number, { settings, random, now, home }: UserSource): SeedUser {
  const { run, passwordHash } = settings;
  const [first, last] = [random.pick(words.firstNames), random.pick(words.lastNames)];
  const host = home === undefined ? `people-${run}` : nameTenant(run, home).host;
  // Cubed, so that most have been here lately and some have not for most of a year.
  const lastSignIn = new Date(now - Math.floor(yearMs * random.fraction() ** 3));
  return {
    id: createUuidV7(),
    email: `${words.toAscii(first)}.${words.toAscii(last)}.${number + 1}@${host}.example`,
    name: `${first} ${last}`,
    locale: random.isHit(0.2) ? null : random.pick(words.locales),
    status: random.isHit(0.01) ? 'suspended' : 'active',
    isPlatformAdmin: false,
    metadata: { department: random.pick(words.departments) },
    lastSignInAt: random.isHit(0.04) ? null : lastSignIn,
    passwordHash,
  };
}

function drawRole(random: Random): string {
  const draw = random.fraction();
  if (draw < 0.01) return 'owner';
  if (draw < 0.08) return 'admin';
  return draw < 0.8 ? 'member' : 'viewer';
}

function createSession(userId: string, home: string | null, random: Random): SeedSession {
  return {
    userId,
    tenantId: random.isHit(0.3) ? home : null,
    // The network that RFC 5737 keeps for examples.
    ip: `198.51.100.${random.below(256)}`,
    userAgent: random.pick(words.userAgents),
  };
}
