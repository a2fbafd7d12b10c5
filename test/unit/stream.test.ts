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

/** A source of numbers that the test pushes to and can make fail. */
function createSource(owner = 'somebody') {
  const steps: string[] = [];
  const waiting: Value[][] = [];
  const failures: { read: Error | null; recheck: Error | null } = { read: null, recheck: null };
  let wake = () => {};
  const source: StreamSource<Value> = {
    owner,
    request: { id: 'request-of-the-stream', telemetry: createRequestTelemetry() },
    watch: (listener) => {
      wake = listener;
      return () => steps.push('unwatched');
    },
    read: async () => {
      if (failures.read) throw failures.read;
      const page = waiting.shift() ?? [];
      if (page.length > 0) steps.push('read');
      return page;
    },
    recheck: async () => {
      if (failures.recheck) throw failures.recheck;
      steps.push('checked');
    },
  };
  const push = (...numbers: number[]) => {
    waiting.push(numbers.map((number) => ({ number })));
    wake();
  };
  return { source, steps, failures, push };
}

const open = (limits = { perOwnerMax: 2, perProcessMax: 3 }) => createStreams(limits, silent);

test('a page is delivered only after a recheck that began after the page was read', async () => {
  const { source, steps, push } = createSource();
  const stream = open().open(source);
  push(1, 2);
  expect([(await stream.next()).value, (await stream.next()).value]).toEqual([
    { number: 1 },
    { number: 2 },
  ]);
  expect(steps).toEqual(['read', 'checked']);
});

test('no page is read before the client asks for it', async () => {
  const { source, steps, push } = createSource();
  const stream = open().open(source);
  for (let page = 0; page < 100; page += 1) push(page);
  await stream.next();
  await vi.advanceTimersByTimeAsync(4_000);
  expect(steps.filter((step) => step === 'read')).toHaveLength(1);
});

test('a client that leaves while waiting ends the stream and its watch at once', async () => {
  const { source, steps } = createSource();
  const streams = open();
  const stream = streams.open(source);
  const waiting = stream.next();
  await stream.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect([streams.count(), steps.includes('unwatched')]).toEqual([0, true]);
});

test('a failed recheck ends the stream with its error, and pages already read are never delivered', async () => {
  const { source, failures, push } = createSource();
  const streams = open();
  const stream = streams.open(source);
  push(1);
  failures.recheck = new ForbiddenError('Not any more.');
  expect((await stream.next()).value).toBe(failures.recheck);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  expect(streams.count()).toBe(0);
});

test('an idle stream is rechecked within half a second', async () => {
  const { source, failures } = createSource();
  const stream = open().open(source);
  const waiting = stream.next();
  failures.recheck = new ForbiddenError('Not any more.');
  await vi.advanceTimersByTimeAsync(500);
  expect((await waiting).value).toBe(failures.recheck);
});

test('a stream waits while the database is unavailable and then misses nothing', async () => {
  const { source, failures, push } = createSource();
  const stream = open().open(source);
  push(1);
  failures.recheck = new UnavailableError();
  const waiting = stream.next();
  await vi.advanceTimersByTimeAsync(10_000);
  failures.recheck = null;
  await vi.advanceTimersByTimeAsync(500);
  expect((await waiting).value).toEqual({ number: 1 });
});

test('a stream that could not be rechecked for 30 seconds ends', async () => {
  const { source, failures } = createSource();
  const stream = open().open(source);
  const waiting = stream.next();
  failures.recheck = new UnavailableError();
  failures.read = failures.recheck;
  await vi.advanceTimersByTimeAsync(31_000);
  expect((await waiting).value).toBeInstanceOf(UnavailableError);
});

test('an unexpected error of a read ends the stream without being disclosed', async () => {
  const { source, failures } = createSource();
  failures.read = new TypeError('internal');
  const { value } = await open().open(source).next();
  expect(value).toBeInstanceOf(AppError);
  expect(String(value)).not.toContain('internal');
});

test('a stream that is never read is closed', async () => {
  const streams = open();
  streams.open(createSource().source);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(streams.count()).toBe(0);
});

test('the number of streams is limited per owner and per process', async () => {
  const streams = open();
  const first = streams.open(createSource('ada').source);
  streams.open(createSource('ada').source);
  expect(() => streams.open(createSource('ada').source)).toThrow(/the maximum/);
  streams.open(createSource('bob').source);
  expect(() => streams.open(createSource('eve').source)).toThrow(UnavailableError);
  await first.return?.();
  expect(() => streams.open(createSource('eve').source)).not.toThrow();
});

test('closing ends all streams and rejects new ones', async () => {
  const streams = open();
  const stream = streams.open(createSource().source);
  const waiting = stream.next();
  await streams.close();
  expect((await waiting).value).toBeInstanceOf(UnavailableError);
  expect(() => streams.open(createSource().source)).toThrow(UnavailableError);
});
