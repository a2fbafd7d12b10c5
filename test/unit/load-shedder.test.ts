import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ClientDisconnect } from '../../src/http/client-disconnect.ts';
import { createLoadShedder, type Release } from '../../src/http/load-shedding/load-shedder.ts';

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A caller that can disconnect. */
function createCaller() {
  let abort = () => {};
  const disconnect = {
    aborted: false,
    addEventListener: (_: 'abort', listener: () => void) => {
      abort = listener;
    },
  };
  const disconnectNow = () => {
    disconnect.aborted = true;
    abort();
  };
  return { getDisconnect: () => disconnect as ClientDisconnect, disconnectNow };
}

/** A load shedder that logs who enters and who is shed, in order. */
function createLoggedShedder(inFlightMax: number, inFlightQueueMax: number) {
  const events: string[] = [];
  const state = { suspended: 0 };
  const releases = new Map<string, Release>();
  const shedder = createLoadShedder({
    inFlightMax,
    inFlightQueueMax,
    countSuspended: () => state.suspended,
    onOverload: ({ isOver, shed }) => events.push(isOver ? `over ${shed}` : 'overload'),
  });
  const enter = async (name: string, caller = createCaller()) => {
    const release = await shedder.enter(caller.getDisconnect);
    if (release) releases.set(name, release);
    events.push(release ? `${name} in` : `${name} shed`);
  };
  const leave = (name: string) => releases.get(name)?.();
  return { shedder, events, state, enter, leave };
}

/** Runs the callbacks of promises that are settled. */
const settle = () => vi.advanceTimersByTimeAsync(0);

test('no more requests than allowed run at once, and waiting ones follow in order', async () => {
  const { shedder, events, enter, leave } = createLoggedShedder(2, 10);
  for (const name of ['a', 'b', 'c', 'd']) void enter(name);
  await settle();
  expect(events).toEqual(['a in', 'b in']);
  expect(shedder.stats()).toEqual({ inFlight: 2, waiting: 2, shed: 0 });
  leave('b');
  await settle();
  leave('a');
  await settle();
  expect(events).toEqual(['a in', 'b in', 'c in', 'd in']);
  expect(shedder.stats()).toEqual({ inFlight: 2, waiting: 0, shed: 0 });
});

test('a new request does not overtake a waiting one', async () => {
  const { events, state, enter } = createLoggedShedder(1, 10);
  void enter('a');
  void enter('b');
  // The request that entered is suspended now, so there is capacity for one more.
  state.suspended = 1;
  void enter('c');
  await settle();
  expect(events).toEqual(['a in', 'b in']);
});

test('a slot is released once, even if release is called twice', async () => {
  const { shedder, enter, leave } = createLoggedShedder(2, 0);
  await enter('a');
  await enter('b');
  leave('a');
  leave('a');
  expect(shedder.stats().inFlight).toBe(1);
  await enter('c');
  await enter('d');
  expect(shedder.stats()).toEqual({ inFlight: 2, waiting: 0, shed: 1 });
});

test('a request beyond the queue limit sheds the whole queue, and later ones do not wait', async () => {
  const { shedder, events, enter, leave } = createLoggedShedder(1, 2);
  for (const name of ['a', 'b', 'c', 'd', 'e']) void enter(name);
  await settle();
  expect(events.toSorted()).toEqual(
    ['a in', 'b shed', 'c shed', 'd shed', 'e shed', 'overload'].toSorted(),
  );
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 0, shed: 4 });
  leave('a');
  await enter('f');
  expect(events.at(-1)).toBe('f in');
});

test('a request that has waited for two seconds is shed, and so is the rest of the queue', async () => {
  const { shedder, events, enter } = createLoggedShedder(1, 10);
  void enter('a');
  void enter('b');
  await vi.advanceTimersByTimeAsync(1_900);
  void enter('c');
  await vi.advanceTimersByTimeAsync(99);
  expect(shedder.stats().waiting).toBe(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(events).toEqual(['a in', 'overload', 'b shed', 'c shed']);
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 0, shed: 2 });
});

test('a request that would wait for more than two seconds at the current rate is shed at once', async () => {
  const { shedder, events, enter, leave } = createLoggedShedder(1, 1_000);
  const names = Array.from({ length: 62 }, (_, at) => `${at}`);
  for (const name of names) void enter(name);
  await settle();
  // One finishes every 40 ms, so the last of at most 50 waiting requests enters within two seconds.
  for (const name of names.slice(0, 40)) {
    await vi.advanceTimersByTimeAsync(40);
    leave(name);
    await settle();
  }
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 21, shed: 0 });
  for (let more = 0; more < 30; more += 1) void enter(`more-${more}`);
  await settle();
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 51, shed: 0 });
  void enter('last');
  await settle();
  expect(events.at(-1)).toBe('last shed');
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 0, shed: 52 });
});

test('a pause of less than two seconds sheds no request', async () => {
  const { shedder, enter, leave } = createLoggedShedder(1, 1_000);
  void enter('a');
  await vi.advanceTimersByTimeAsync(100);
  for (let number = 0; number < 200; number += 1) void enter(`${number}`);
  await vi.advanceTimersByTimeAsync(1_800);
  leave('a');
  await settle();
  for (let number = 0; number < 199; number += 1) {
    leave(`${number}`);
    await settle();
  }
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 0, shed: 0 });
});

test('a pause while a long queue is served fast sheds no request', async () => {
  const { shedder, enter, leave } = createLoggedShedder(1, 2_000);
  for (let number = 0; number < 1_100; number += 1) void enter(`${number}`);
  await settle();
  for (let number = 0; number < 200; number += 1) {
    await vi.advanceTimersByTimeAsync(number === 199 ? 500 : 1);
    leave(`${number}`);
    await settle();
  }
  void enter('newcomer');
  await settle();
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 900, shed: 0 });
});

test('an earlier slow rate no longer counts once the queue is empty', async () => {
  const { shedder, enter, leave } = createLoggedShedder(1, 1_000);
  for (let number = 0; number < 41; number += 1) {
    void enter(`${number}`);
    if (number === 0) continue;
    await vi.advanceTimersByTimeAsync(100);
    leave(`${number - 1}`);
    await settle();
  }
  leave('40');
  await settle();
  for (let number = 0; number < 30; number += 1) void enter(`crowd-${number}`);
  await settle();
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 29, shed: 0 });
});

test('requests may wait again one second after the queue was shed, even if some were shed meanwhile', async () => {
  const { shedder, events, enter, leave } = createLoggedShedder(1, 1);
  for (const name of ['a', 'b', 'c']) void enter(name);
  await vi.advanceTimersByTimeAsync(900);
  expect(shedder.mustShed()).toBe(true);
  await vi.advanceTimersByTimeAsync(99);
  void enter('d');
  await settle();
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 0, shed: 4 });
  await vi.advanceTimersByTimeAsync(1);
  expect(shedder.mustShed()).toBe(false);
  void enter('e');
  await settle();
  expect(shedder.stats().waiting).toBe(1);
  leave('a');
  await settle();
  expect(events.at(-1)).toBe('e in');
  await vi.advanceTimersByTimeAsync(3_000);
  expect(events).toContain('over 4');
});

test('a caller that disconnects while waiting takes no slot and is not counted as shed', async () => {
  const { shedder, events, enter, leave } = createLoggedShedder(1, 10);
  const caller = createCaller();
  void enter('a');
  void enter('b', caller);
  void enter('c');
  caller.disconnectNow();
  await settle();
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 1, shed: 0 });
  leave('a');
  await settle();
  expect(events).toEqual(['a in', 'b shed', 'c in']);
  await enter('d', caller);
  expect(events.at(-1)).toBe('d shed');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 0, shed: 0 });
});

test('a suspended request leaves its slot to another one', async () => {
  const { shedder, events, state, enter } = createLoggedShedder(1, 0);
  await enter('a');
  state.suspended = 1;
  await enter('b');
  expect(events).toEqual(['a in', 'b in']);
  expect(shedder.stats().inFlight).toBe(1);
  await enter('c');
  expect(events.at(-1)).toBe('c shed');
});

test('a waiting request enters as soon as a running one is suspended', async () => {
  const { shedder, events, state, enter } = createLoggedShedder(1, 10);
  void enter('a');
  void enter('b');
  await settle();
  state.suspended = 1;
  shedder.noteSuspended();
  await settle();
  expect(events).toEqual(['a in', 'b in']);
});

test('without a queue a request without a free slot is shed', async () => {
  const { shedder, enter } = createLoggedShedder(1, 0);
  await enter('a');
  expect(shedder.mustShed()).toBe(true);
  await enter('b');
  expect(shedder.stats().shed).toBe(2);
});
