import { createUuidV7 } from '../../lib/uuid.ts';
import type { Batch, SeedMembership, SeedSession, SeedTenant, SeedUser } from './load.ts';
import { createPlan, type SeedSize } from './plan.ts';
import { createRandom, type Random } from './random.ts';
import * as words from './words.ts';

/** Values shared by a whole run. */
export type RunSettings = SeedSize & {
  /** Counts from 1; part of every slug and address, so that runs do not clash. */
  run: number;
  /** The hash of the shared password. */
  passwordHash: string;
};

/** Longest batch, in rows of the most frequent kind. */
const batchRows = 20_000;
const yearMs = 365 * 24 * 3_600 * 1_000;

/**
 * The rows of a run, in batches. The same settings give the same names, addresses and dates; ids and token hashes are
 * new. A tenant is in one batch with its owner, so a run that is interrupted between batches leaves no partial tenant.
 */
export function* createBatches(settings: RunSettings): Generator<Batch> {
  const addUser = createUserGenerator(settings);
  const { users, tenants, memberships, sessions } = settings;
  const perUser = Math.max(1, tenants / users, memberships / users, sessions / users);
  const batchUsers = Math.max(1, Math.floor(batchRows / perUser));
  for (let first = 0; first < users; first += batchUsers) {
    const batch: Batch = { tenants: [], users: [], memberships: [], sessions: [] };
    const end = Math.min(users, first + batchUsers);
    for (let user = first; user < end; user += 1) addUser(user, batch);
    yield batch;
  }
}

/** The slug of a run's largest tenant. */
export function getLargestTenantSlug(run: number): string {
  return nameTenant(run, 0).slug;
}

/** Returns a function that adds one user with related rows; call it with 0, 1, 2 and so on. */
function createUserGenerator(settings: RunSettings): (user: number, batch: Batch) => void {
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
    // Owners and users with a session are active and have signed in.
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
      ...joined.map((tenant) => join(tenant, pickRole(random), !random.isHit(0.02))),
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
  // Cubed, so that most sign-ins are recent and some are almost a year old.
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

function pickRole(random: Random): string {
  const draw = random.fraction();
  if (draw < 0.01) return 'owner';
  if (draw < 0.08) return 'admin';
  return draw < 0.8 ? 'member' : 'viewer';
}

function createSession(userId: string, home: string | null, random: Random): SeedSession {
  return {
    userId,
    tenantId: random.isHit(0.3) ? home : null,
    // The network of RFC 5737 for documentation.
    ip: `198.51.100.${random.below(256)}`,
    userAgent: random.pick(words.userAgents),
  };
}
