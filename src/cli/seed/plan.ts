/** Number of rows of each kind. */
export type SeedSize = { tenants: number; users: number; memberships: number; sessions: number };

/**
 * Which user belongs to which tenant, computed from numbers alone, so that memory does not grow with the number of
 * users. Numbers count from 0.
 */
export type SeedPlan = {
  /** The tenants that a user founds and owns; the first users found them all, in order. */
  listFounded: (user: number) => number[];
  /** The tenants that a user joins, each once. Founders join none, so that tenants exist before others join. */
  listJoined: (user: number) => number[];
  countSessions: (user: number) => number;
};

/** Share of all members in the largest tenant, if there are enough tenants. */
const largestShare = 0.05;

/** Default number of memberships per user who is no founder: some belong to two tenants. */
const joinedPerUser = 1.15;

/** Fills in defaults. Throws RangeError, with a message for users, for an impossible size. */
export function completeSize(asked: {
  users: number;
  tenants?: number | undefined;
  memberships?: number | undefined;
  sessions?: number | undefined;
}): SeedSize {
  const { users, tenants = Math.ceil(users / 50), sessions = users } = asked;
  const joiners = Math.max(0, users - tenants);
  const most = tenants + joiners * tenants;
  const memberships =
    asked.memberships ?? Math.min(most, tenants + Math.round(joiners * joinedPerUser));
  if (memberships < tenants || memberships > most) {
    throw new RangeError(
      `With --users ${users} and --tenants ${tenants} there can be ${tenants} to ${most} ` +
        'memberships: each tenant has a founder, and others join a tenant at most once.',
    );
  }
  return { users, tenants, memberships, sessions };
}

/**
 * Spreads memberships over tenants by Zipf's law (the k-th largest has k^-s of the largest, tenant
 * 0 is the largest) and over users evenly. Gives exactly the numbers of the size.
 */
export function createPlan({ tenants, users, memberships, sessions }: SeedSize): SeedPlan {
  const joiners = Math.max(0, users - tenants);
  const places = memberships - tenants;
  // Of the memberships of joiners: entry k is the end of tenant k's range.
  const ends = spreadByZipf(places, tenants);
  const shuffleJoiner = createShuffle(joiners);
  const shuffleUser = createShuffle(users);
  return {
    listFounded: (user) => listPlaces(user, users, tenants),
    listJoined(user) {
      if (user < tenants) return [];
      const taken = new Set<number>();
      for (const place of listPlaces(shuffleJoiner(user - tenants), joiners, places)) {
        let tenant = findTenant(ends, place);
        while (taken.has(tenant)) tenant = (tenant + 1) % tenants;
        taken.add(tenant);
      }
      return [...taken];
    },
    countSessions: (user) => listPlaces(shuffleUser(user), users, sessions).length,
  };
}

/** Every `step`-th number below `end`, beginning with `first`. */
function listPlaces(first: number, step: number, end: number): number[] {
  const count = Math.max(0, Math.ceil((end - first) / step));
  return Array.from({ length: count }, (_, round) => first + round * step);
}

/**
 * A bijection of the numbers below `count`, so that consecutive users are in different tenants: multiplication by about
 * the golden ratio, modulo `count`.
 */
function createShuffle(count: number): (value: number) => number {
  let factor = Math.max(1, Math.floor(count * 0.618));
  while (findCommonDivisor(factor, count) !== 1) factor += 1;
  const offset = Math.floor(count / 3);
  // Exact for every count below 94 million, where the product stays below 2^53.
  return (value) => (value * factor + offset) % count;
}

function findCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : findCommonDivisor(b, a % b);
}

function spreadByZipf(places: number, tenants: number): Float64Array {
  const exponent = findExponent(tenants);
  const total = sumOfPowers(tenants, exponent);
  const ends = new Float64Array(tenants);
  let sum = 0;
  for (let tenant = 0; tenant < tenants; tenant += 1) {
    sum += (tenant + 1) ** -exponent;
    ends[tenant] = Math.round((places * sum) / total);
  }
  ends[tenants - 1] = places;
  return ends;
}

/** The exponent at which the largest tenant gets its share, by bisection; 0 if there are few tenants. */
function findExponent(tenants: number): number {
  let [low, high] = [0, 2];
  for (let round = 0; round < 24; round += 1) {
    const middle = (low + high) / 2;
    if (1 / sumOfPowers(tenants, middle) < largestShare) low = middle;
    else high = middle;
  }
  return low;
}

function sumOfPowers(tenants: number, exponent: number): number {
  let sum = 0;
  for (let rank = 1; rank <= tenants; rank += 1) sum += rank ** -exponent;
  return sum;
}

/** The tenant whose range contains `place`. */
function findTenant(ends: Float64Array, place: number): number {
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) > place) high = middle;
    else low = middle + 1;
  }
  return low;
}
