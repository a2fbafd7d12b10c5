import { getMedian } from '../stage.ts';
import type { Crowd } from './crowd.ts';
import type { Flood } from './flood.ts';
import type { Series } from './series.ts';
import type { Operation } from './workloads.ts';

/** A target with the measured value. Without a bar the value is only reported. */
export type Verdict = {
  target: string;
  bar: string | null;
  measured: number;
  isMet: boolean;
};

/** The minimum ratio of two throughputs; null if the ratio is only reported. */
const ratios: readonly [operation: Operation, against: Operation, least: number | null][] = [
  ['verifySession, cache off', 'raw', 1],
  ['verifySession', 'raw', 1.6],
  ['verifySession, same fields as raw', 'raw', null],
  ['verifySession', 'verifySession, cache off', null],
  ['verifyApiKey, cache off', 'verifySession, cache off', 0.95],
  ['verifyApiKey', 'verifySession', null],
  ['viewer', 'raw', 0.45],
  ['viewer, tenants only', 'PostGraphile: user, tenants', 1.3],
  ['viewer, tenants only', 'raw', 0.36],
  ['50 members', 'raw', 0.09],
  ['50 members', 'PostGraphile: 50 members', null],
];

/** The maximum ratio of medians with a hundred times as many users. */
const growthMost = 1.2;
const latePageMost = 1.15;
const signInShareLeast = 0.85;
const keyWritesMost = 0.02;
const floodP99Most = 2;
const crowdP95Most = 3;
const rssMbMost = 250;
const hitRatioLeast = 0.95;

/** Compares throughputs at one size. Operations that were not measured are omitted. */
export function checkRatios(series: Series): Verdict[] {
  return ratios
    .filter(([operation, against]) => series.has(operation) && series.has(against))
    .map(([operation, against, least]) =>
      atLeast(
        `${operation} vs ${against}, requests/s`,
        least,
        compare(series, { operation, against, pick: ({ perSecond }) => perSecond }),
      ),
    );
}

/** Compares a late page with the first one; empty if no tenant has enough members. */
export function checkLatePage(series: Series): Verdict[] {
  const operation = '50 members, page 1,000';
  if (!series.has(operation)) return [];
  const measured = compare(series, { operation, against: '50 members', pick: ({ p50 }) => p50 });
  return [atMost('page 1,000 of the members vs page 1, p50', latePageMost, measured)];
}

/** Compares the median of an operation at the largest size with that at the smallest. */
export function checkGrowth(operation: Operation, measured: number): Verdict {
  return atMost(`${operation}: p50 with the most users vs the fewest`, growthMost, measured);
}

/** Compares sign-ins with bare hashes of the same round. */
export function checkSignIn(series: Series, hashesPerSecond: readonly number[]): Verdict {
  const ratios = (series.get('sign-in') ?? []).map(
    ({ perSecond }, round) => perSecond / (hashesPerSecond[round] ?? Number.NaN),
  );
  const target = 'sign-ins vs bare argon2id hashes, per second';
  return atLeast(target, signInShareLeast, getMedian(ratios));
}

/** Checks the number of rows written per key check. */
export function checkWrites(measured: number): Verdict {
  return atMost('rows written per verifyApiKey', keyWritesMost, measured);
}

/** Checks the effect of a sign-in flood on other requests. */
export function checkFlood(flood: Flood): Verdict[] {
  const { p99Growth, quietP99Ms, floodP99Ms, signedIn, rejected } = flood;
  return [
    atMost('sign-in flood: p99 of session checks vs without the flood', floodP99Most, p99Growth),
    atMost('sign-in flood: session checks rejected or failed', 0, flood.failures),
    atMost('without the flood: p99 of session checks, ms', null, quietP99Ms),
    atMost('sign-in flood: p99 of session checks, ms', null, floodP99Ms),
    atMost('sign-in flood: sign-ins accepted, per second', null, signedIn),
    atMost('sign-in flood: sign-ins rejected with a retry time, per second', null, rejected),
    atMost(
      'sign-in flood on our server: p99 of raw vs without the flood',
      null,
      flood.bystanderGrowth,
    ),
  ];
}

/** Checks the results of concurrent users. */
export function checkCrowd(crowd: Crowd): Verdict[] {
  const growth = crowd.p95AtThousand / crowd.p95AtHundred;
  return [
    atMost('1,000 concurrent users: requests rejected or failed', 0, crowd.failures),
    atMost('1,000 concurrent users: p95 vs 100 users', crowdP95Most, growth),
    atMost('1,000 concurrent users: p95, ms', null, crowd.p95AtThousand),
    ...(crowd.rssMb === null
      ? []
      : [
          atMost(
            '1,000 concurrent users: resident memory of the server, MB',
            rssMbMost,
            crowd.rssMb,
          ),
        ]),
    atLeast(
      '1,000 concurrent users: buffer cache hit ratio of PostgreSQL',
      hitRatioLeast,
      crowd.hitRatio,
    ),
  ];
}

/** The median of the ratios within each round. */
function compare(
  series: Series,
  { operation, against, pick }: { operation: Operation; against: Operation; pick: Pick },
): number {
  const others = series.get(against) ?? [];
  return getMedian(
    (series.get(operation) ?? []).map((one, round) => {
      const other = others[round];
      return pick(one) / (other ? pick(other) : Number.NaN);
    }),
  );
}

type Pick = (measured: { perSecond: number; p50: number }) => number;

function atLeast(target: string, least: number | null, measured: number): Verdict {
  const isMet = least === null || measured >= least;
  return { target, bar: least === null ? null : `at least ${least}`, measured, isMet };
}

function atMost(target: string, most: number | null, measured: number): Verdict {
  const isMet = most === null || measured <= most;
  return { target, bar: most === null ? null : `at most ${most}`, measured, isMet };
}
