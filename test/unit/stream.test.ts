import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AppError, ForbiddenError, UnavailableError } from '../../src/core/app-error.ts';
import { createRequestTelemetry } from '../../src/core/request-telemetry.ts';
import type { StreamSource } from '../../src/core/streams/stream.ts';
import { createStreams } from '../../src/core/streams/streams.ts';
import { createLogger } from '../../src/observability/logger.ts';

type Value = { number: number };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const silent = createLogger({ level: 'silent', format: 'json' });

/** A source of numbers that can be pushed to, and be made to fail. */
function createSource(owner = 'somebody') {
  const steps: string[] = [];
  const waiting: Value[][] = [];
  const faults: { read: Error | null; recheck: Error | null } = { read: null, recheck: null };
  let wake = () => {};
  const source: StreamSource<Value> = {
    owner,
    request: { id: 'request-of-the-stream', telemetry: createRequestTelemetry() },
    watch: (given) => {
      wake = given;
      return () => steps.push('unwatched');
    },
    read: async () => {
      if (faults.read) throw faults.read;
      const page = waiting.shift() ?? [];
      if (page.length > 0) steps.push('read');
      return page;
    },
    recheck: async () => {
      if (faults.recheck) throw faults.recheck;
      steps.push('checked');
    },
  };
  const push = (...numbers: number[]) => {
    waiting.push(numbers.map((number) => ({ number })));
    wake();
  };
  return { source, steps, faults, push };
}

const open = (limits = { perOwnerMax: 2, perProcessMax: 3 }) => createStreams(limits, silent);

test('a page is delivered only after a check that began after it was read', async () => {
  const { source, steps, push } = createSource();
  const stream = open().open(source);
  push(1, 2);
  expect([(await stream.next()).value, (await stream.next()).value]).toEqual([
    { number: 1 },
    { number: 2 },
  ]);
  expect(steps).toEqual(['read', 'checked']);
});

test('nothing is read ahead of who does not ask for it', async () => {
  const { source, steps, push } = createSource();
  const stream = open().open(source);
  for (let page = 0; page < 100; page += 1) push(page);
  await stream.next();
  await vi.advanceTimersByTimeAsync(4_000);
  expect(steps.filter((step) => step === 'read')).toHaveLength(1);
});

test('who leaves while waiting is let go at once, and nothing is watched any more', async () => {
  const { source, steps } = createSource();
  const streams = open();
  const stream = streams.open(source);
  const waiting = stream.next();
  await stream.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect([streams.count(), steps.includes('unwatched')]).toEqual([0, true]);
});

test('a check that fails ends the stream with its error, and what was read is never delivered', async () => {
  const { source, faults, push } = createSource();
  const streams = open();
  const stream = streams.open(source);
  push(1);
  faults.recheck = new ForbiddenError('Not any more.');
  expect((await stream.next()).value).toBe(faults.recheck);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  expect(streams.count()).toBe(0);
});

test('every stream is checked within half a second though nothing happens', async () => {
  const { source, faults } = createSource();
  const stream = open().open(source);
  const waiting = stream.next();
  faults.recheck = new ForbiddenError('Not any more.');
  await vi.advanceTimersByTimeAsync(500);
  expect((await waiting).value).toBe(faults.recheck);
});

test('while the database is away a stream waits, and then misses nothing', async () => {
  const { source, faults, push } = createSource();
  const stream = open().open(source);
  push(1);
  faults.recheck = new UnavailableError();
  const waiting = stream.next();
  await vi.advanceTimersByTimeAsync(10_000);
  faults.recheck = null;
  await vi.advanceTimersByTimeAsync(500);
  expect((await waiting).value).toEqual({ number: 1 });
});

test('a stream that could not be checked for 30 seconds ends', async () => {
  const { source, faults } = createSource();
  const stream = open().open(source);
  const waiting = stream.next();
  faults.recheck = new UnavailableError();
  faults.read = faults.recheck;
  await vi.advanceTimersByTimeAsync(31_000);
  expect((await waiting).value).toBeInstanceOf(UnavailableError);
});

test('a bug in reading ends the stream, and is not shown', async () => {
  const { source, faults } = createSource();
  faults.read = new TypeError('internal');
  const { value } = await open().open(source).next();
  expect(value).toBeInstanceOf(AppError);
  expect(String(value)).not.toContain('internal');
});

test('a stream that nobody begins to read is given up', async () => {
  const streams = open();
  streams.open(createSource().source);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(streams.count()).toBe(0);
});

test('there are so many streams of one owner, and of a process, and no more', async () => {
  const streams = open();
  const first = streams.open(createSource('ada').source);
  streams.open(createSource('ada').source);
  expect(() => streams.open(createSource('ada').source)).toThrow(/the maximum/);
  streams.open(createSource('bob').source);
  expect(() => streams.open(createSource('eve').source)).toThrow(UnavailableError);
  await first.return?.();
  expect(() => streams.open(createSource('eve').source)).not.toThrow();
});

test('closing ends all streams and opens no more', async () => {
  const streams = open();
  const stream = streams.open(createSource().source);
  const waiting = stream.next();
  await streams.close();
  expect((await waiting).value).toBeInstanceOf(UnavailableError);
  expect(() => streams.open(createSource().source)).toThrow(UnavailableError);
});
