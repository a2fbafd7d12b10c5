import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** All of k6/scenarios/, by name. */
export const scenarioNames: readonly string[] = readdirSync(
  new URL('../scenarios', import.meta.url),
)
  .map((file) => file.replace(/\.ts$/, ''))
  .sort();

/** As in k6/lib/settings.ts, which is k6's and cannot be loaded here. */
export const profiles: readonly string[] = [
  'smoke',
  'load',
  'stress',
  'spike',
  'soak',
  'breakpoint',
  'crowd',
];

export type Arguments = {
  scenarios: readonly string[];
  profile: string;
  /** Of a server that runs already; undefined starts one. */
  url: string | undefined;
  users: number;
  rate: number | undefined;
  durationSeconds: number | undefined;
};

/** Called in a way that cannot work; the message says how it is done. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const usage = `npm run k6 -- <scenario> [--profile p] [--url u] [--users n] [--rate n] [--duration seconds]
  scenario    ${scenarioNames.join(', ')}, or all
  --profile   ${profiles.join(', ')} (smoke)
  --url       of a GraphQL endpoint that runs; without it server, database and seed are made for the run
  --users     how many to seed (smoke 2000, else 100000)
  --rate      iterations a second at the base of the profile (the scenario's own)
  --duration  seconds that load or soak measures (60, 1800)`;

/** Reads the command line. Throws UsageError. */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args);
  const [name, ...more] = positionals;
  const { profile = 'smoke', url } = values;
  if (name === undefined || more.length > 0) throw new UsageError(`Name one scenario.\n${usage}`);
  if (name !== 'all' && !scenarioNames.includes(name)) {
    throw new UsageError(`There is no scenario ${name}.\n${usage}`);
  }
  if (!profiles.includes(profile))
    throw new UsageError(`There is no profile ${profile}.\n${usage}`);
  if (url !== undefined && !URL.canParse(url)) throw new UsageError(`${url} is no URL.\n${usage}`);
  return {
    scenarios: name === 'all' ? scenarioNames : [name],
    profile,
    url,
    users: readCount('users', values.users) ?? (profile === 'smoke' ? 2_000 : 100_000),
    rate: readCount('rate', values.rate),
    durationSeconds: readCount('duration', values.duration),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        profile: { type: 'string' },
        url: { type: 'string' },
        users: { type: 'string' },
        rate: { type: 'string' },
        duration: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
}

function readCount(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new UsageError(`--${name} takes a whole number above 0, not ${text}.\n${usage}`);
}
