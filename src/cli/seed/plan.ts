/** How much to make. */
export type SeedSize = { tenants: number; users: number; memberships: number; sessions: number };

/**
 * Who belongs where, worked out from numbers alone: nothing in it grows with the users, so a seed
 * of millions needs no more memory than a small one. Numbers count from 0.
 */
export type SeedPlan = {
  /** The tenants that a user founds and so owns; the first users found them all, in order. */
  listFounded: (user: number) => number[];
  /** The tenants that a user joins, each once. Founders join none, so that theirs are there first. */
  listJoined: (user: number) => number[];
  countSessions: (user: number) => number;
};

/** Share of all members in the largest tenant, where there are enough tenants. */
const largestShare = 0.05;

/** Memberships per user who founded nothing, unless asked otherwise: some belong to two tenants. */
const joinedPerUser = 1.15;

/** Completes a size. Throws RangeError, with a sentence for people, for one that cannot be made. */
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
 * 0 is the largest) and over users evenly. Promises exactly the numbers of the size.
 */
export function createPlan({ tenants, users, memberships, sessions }: SeedSize): SeedPlan {
  const joiners = Math.max(0, users - tenants);
  const places = memberships - tenants;
  // Of the places beyond the founders'; entry k tells where tenant k's part ends.
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

/** Every `step`-th place below `end`, beginning with `first`. */
function listPlaces(first: number, step: number, end: number): number[] {
  const count = Math.max(0, Math.ceil((end - first) / step));
  return Array.from({ length: count }, (_, round) => first + round * step);
}

/**
 * A bijection of the numbers below `count`, so that people who came one after another end up in
 * different tenants, as in life: a multiplication by about the golden section, modulo `count`.
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

/** The exponent at which the largest gets its share, by bisection; 0 where few share alike. */
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

/** The first tenant whose part ends after `place`. */
function findTenant(ends: Float64Array, place: number): number {
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) > place) high = middle;
    else low = middle + 1;
  }
  return low;
}
