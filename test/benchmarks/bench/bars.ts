import { getMedian } from '../stage.ts';
import type { Measured } from './measure.ts';
import type { Operation } from './world.ts';

/** All repetitions of each operation at one size of database. */
export type Series = ReadonlyMap<Operation, readonly Measured[]>;

/** A promise with what came of it. */
export type Verdict = { promise: string; bar: string; measured: number; isHeld: boolean };

/** Throughput of one operation against another's, at least so much. */
const ratios: readonly [operation: Operation, against: Operation, least: number][] = [
  ['verifySession', 'raw', 1],
  ['verifyApiKey', 'verifySession', 0.95],
  ['viewer', 'raw', 0.45],
  ['viewer, tenants alone', 'raw', 0.36],
  ['50 members', 'raw', 0.09],
];

/** How much slower an operation may be in the median where there is a hundred times as much. */
const growthMost = 1.2;
const signInShareLeast = 0.85;
const keyWritesMost = 0.02;

/** Judges the throughputs at one size by the medians of the repetitions, each against its own neighbour. */
export function judgeRatios(series: Series): Verdict[] {
  return ratios.map(([operation, against, least]) => {
    const measured = compare(series, operation, against);
    return {
      promise: `${operation} against ${against}, requests/s`,
      bar: `at least ${least} ×`,
      measured,
      isHeld: measured >= least,
    };
  });
}

/** The median of the ratios of repetitions that ran in one round. */
export function compare(series: Series, operation: Operation, against: Operation): number {
  const others = series.get(against) ?? [];
  return getMedian(
    (series.get(operation) ?? []).map(
      ({ perSecond }, round) => perSecond / (others[round]?.perSecond ?? Number.NaN),
    ),
  );
}

/** Whether what is asked stays as quick among many as among few. */
export function judgeGrowth(small: Series, large: Series): Verdict[] {
  return [...large.keys()]
    .filter((operation) => operation !== 'raw' && operation !== 'sign-in')
    .map((operation) => {
      const p50 = (series: Series) =>
        getMedian((series.get(operation) ?? []).map((one) => one.p50));
      const measured = p50(large) / p50(small);
      return {
        promise: `${operation}: p50 in the largest database against the smallest`,
        bar: `at most ${growthMost} ×`,
        measured,
        isHeld: measured <= growthMost,
      };
    });
}

/** Sign-ins against hashes that are made with nothing around them. */
export function judgeSignIn(series: Series, hashesPerSecond: number): Verdict {
  const perSecond = getMedian((series.get('sign-in') ?? []).map((one) => one.perSecond));
  const measured = perSecond / hashesPerSecond;
  return {
    promise: 'sign-ins against bare argon2id hashes, per second',
    bar: `at least ${signInShareLeast} ×`,
    measured,
    isHeld: measured >= signInShareLeast,
  };
}

/** What was written to the database per key check. */
export function judgeWrites(measured: number): Verdict {
  return {
    promise: 'rows written per verifyApiKey',
    bar: `at most ${keyWritesMost}`,
    measured,
    isHeld: measured <= keyWritesMost,
  };
}

/** What a thousand people at once found, against a hundred. */
export type Crowd = {
  p95AtHundred: number;
  p95AtThousand: number;
  failures: number;
  /** Null where the system does not tell. */
  rssMb: number | null;
  hitRatio: number;
};

const crowdP95Most = 3;
const rssMbMost = 250;
const hitRatioLeast = 0.95;

/** Judges the crowd. */
export function judgeCrowd(crowd: Crowd): Verdict[] {
  const growth = crowd.p95AtThousand / crowd.p95AtHundred;
  return [
    {
      promise: '1,000 people at once, a request a second each: refused or failed',
      bar: 'none',
      measured: crowd.failures,
      isHeld: crowd.failures === 0,
    },
    {
      promise: 'their p95 against that of 100 people',
      bar: `at most ${crowdP95Most} ×`,
      measured: growth,
      isHeld: growth <= crowdP95Most,
    },
    ...(crowd.rssMb === null
      ? []
      : [
          {
            promise: 'resident memory of the server meanwhile, MB',
            bar: `at most ${rssMbMost}`,
            measured: crowd.rssMb,
            isHeld: crowd.rssMb <= rssMbMost,
          },
        ]),
    {
      promise: 'pages that PostgreSQL had in its own memory meanwhile',
      bar: `over ${hitRatioLeast}`,
      measured: crowd.hitRatio,
      isHeld: crowd.hitRatio > hitRatioLeast,
    },
  ];
}
