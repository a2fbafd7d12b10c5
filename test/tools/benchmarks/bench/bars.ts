import { getMedian } from '../stage.ts';
import type { Operation } from './contests.ts';
import type { Crowd } from './crowd.ts';
import type { Flood } from './flood.ts';
import type { Series } from './series.ts';

/** A promise with what came of it; without a bar it is only shown. */
export type Verdict = {
  promise: string;
  bar: string | null;
  measured: number;
  isHeld: boolean;
};

/** Throughput of one operation against another's, at least so much; null where it is only shown. */
const ratios: readonly [operation: Operation, against: Operation, least: number | null][] = [
  ['verifySession, cache off', 'raw', 1],
  ['verifySession', 'raw', 1.6],
  ['verifySession, all that raw tells', 'raw', null],
  ['verifySession', 'verifySession, cache off', null],
  ['verifyApiKey, cache off', 'verifySession, cache off', 0.95],
  ['verifyApiKey', 'verifySession', null],
  ['viewer', 'raw', 0.45],
  ['viewer, tenants alone', 'PostGraphile: user, tenants', 1.3],
  ['viewer, tenants alone', 'raw', 0.36],
  ['50 members', 'raw', 0.09],
  ['50 members', 'PostGraphile: 50 members', null],
];

/** How much slower an operation may be in the median where there is a hundred times as much. */
const growthMost = 1.2;
const latePageMost = 1.15;
const signInShareLeast = 0.85;
const keyWritesMost = 0.02;
const floodP99Most = 2;
const crowdP95Most = 3;
const rssMbMost = 250;
const hitRatioLeast = 0.95;

/** Judges the throughputs at one size, each against its own neighbour; what did not take part is not listed. */
export function judgeRatios(series: Series): Verdict[] {
  return ratios
    .filter(([operation, against]) => series.has(operation) && series.has(against))
    .map(([operation, against, least]) =>
      atLeast(
        `${operation} against ${against}, requests/s`,
        least,
        compare(series, { operation, against, pick: ({ perSecond }) => perSecond }),
      ),
    );
}

/** Whether reading on takes as long as beginning; empty where no tenant has so many members. */
export function judgeLatePage(series: Series): Verdict[] {
  const operation = '50 members, page 1,000';
  if (!series.has(operation)) return [];
  const measured = compare(series, { operation, against: '50 members', pick: ({ p50 }) => p50 });
  return [atMost('page 1,000 of the members against page 1, p50', latePageMost, measured)];
}

/** Whether what is asked stays as quick among many as among few. */
export function judgeGrowth(operation: Operation, measured: number): Verdict {
  return atMost(`${operation}: p50 among most users against fewest`, growthMost, measured);
}

/** Sign-ins against hashes that were made in the same round with nothing around them. */
export function judgeSignIn(series: Series, hashesPerSecond: readonly number[]): Verdict {
  const ratios = (series.get('sign-in') ?? []).map(
    ({ perSecond }, round) => perSecond / (hashesPerSecond[round] ?? Number.NaN),
  );
  const promise = 'sign-ins against bare argon2id hashes, per second';
  return atLeast(promise, signInShareLeast, getMedian(ratios));
}

/** What was written to the database per key check. */
export function judgeWrites(measured: number): Verdict {
  return atMost('rows written per verifyApiKey', keyWritesMost, measured);
}

/** Judges what sign-ins do to others. */
export function judgeFlood(flood: Flood): Verdict[] {
  const { p99Growth, quietP99Ms, floodP99Ms, signedIn, refused } = flood;
  return [
    atMost(
      'session checks while sign-ins arrive at twice the hashing rate: p99 against quiet',
      floodP99Most,
      p99Growth,
    ),
    atMost('session checks that were refused or wrong meanwhile', 0, flood.failures),
    atMost('that p99 in quiet, ms', null, quietP99Ms),
    atMost('that p99 with the sign-ins, ms', null, floodP99Ms),
    atMost('sign-ins/s that were let in meanwhile', null, signedIn),
    atMost('sign-ins/s that were asked to come back later', null, refused),
    atMost('p99 of raw against quiet, while ours gets the sign-ins', null, flood.bystanderGrowth),
  ];
}

/** Judges the crowd. */
export function judgeCrowd(crowd: Crowd): Verdict[] {
  const growth = crowd.p95AtThousand / crowd.p95AtHundred;
  return [
    atMost('1,000 people at once: refused or failed', 0, crowd.failures),
    atMost('their p95 against that of 100 people', crowdP95Most, growth),
    atMost('their p95, ms', null, crowd.p95AtThousand),
    ...(crowd.rssMb === null
      ? []
      : [atMost('resident memory of the server meanwhile, MB', rssMbMost, crowd.rssMb)]),
    atLeast('pages that PostgreSQL had in its own memory meanwhile', hitRatioLeast, crowd.hitRatio),
  ];
}

/** The median of the ratios of repetitions that ran in one round. */
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

function atLeast(promise: string, least: number | null, measured: number): Verdict {
  const isHeld = least === null || measured >= least;
  return { promise, bar: least === null ? null : `at least ${least}`, measured, isHeld };
}

function atMost(promise: string, most: number | null, measured: number): Verdict {
  const isHeld = most === null || measured <= most;
  return { promise, bar: most === null ? null : `at most ${most}`, measured, isHeld };
}
