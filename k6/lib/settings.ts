/** How hard and how long a run is; see profiles.ts. */
export const profileNames = [
  'smoke',
  'load',
  'stress',
  'spike',
  'soak',
  'breakpoint',
  'crowd',
] as const;
export type Profile = (typeof profileNames)[number];

/** Settings from outside; `npm run k6` sets all of them. */
export const settings = {
  url: __ENV.LOAD_URL || 'http://localhost:4000/graphql',
  profile: readProfile(__ENV.LOAD_PROFILE || 'smoke'),
  /** Iterations a second at the base of the profile; undefined for the scenario's own. */
  rate: readNumber('LOAD_RATE'),
  /** How long the measured part of load and soak lasts, in seconds. */
  durationSeconds: readNumber('LOAD_DURATION_SECONDS'),
  /** Where the summary goes as JSON; empty for nowhere. */
  summaryFile: __ENV.LOAD_SUMMARY_FILE || '',
};

/** Somebody who exists already, by the names of the environment; null where the run was not told. */
export function findAccount(prefix: 'LOAD_ADMIN' | 'LOAD_MEMBERS') {
  const email = __ENV[`${prefix}_EMAIL`];
  const password = __ENV[`${prefix}_PASSWORD`];
  return email && password ? { email, password } : null;
}

/** The slug of the tenant with many members, or null. */
export function findMembersSlug(): string | null {
  return __ENV.LOAD_MEMBERS_SLUG || null;
}

function readProfile(name: string): Profile {
  const profile = profileNames.find((known) => known === name);
  if (profile === undefined) {
    throw new Error(`LOAD_PROFILE must be one of ${profileNames.join(', ')}, not ${name}`);
  }
  return profile;
}

function readNumber(name: string): number | undefined {
  const text = __ENV[name];
  if (!text) return undefined;
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`${name} must be a number above 0, not ${text}`);
}
