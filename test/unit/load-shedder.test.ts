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

/** A caller that can go away. */
function createCaller() {
  let abort = () => {};
  const disconnect = {
    aborted: false,
    addEventListener: (_: 'abort', listener: () => void) => {
      abort = listener;
    },
  };
  const goAway = () => {
    disconnect.aborted = true;
    abort();
  };
  return { getDisconnect: () => disconnect as ClientDisconnect, goAway };
}

/** A load shedder whose comings and goings are written down in order. */
function createDoor(inFlightMax: number, inFlightQueueMax: number) {
  const events: string[] = [];
  const state = { suspended: 0 };
  const leaves = new Map<string, Release>();
  const shedder = createLoadShedder({
    inFlightMax,
    inFlightQueueMax,
    countSuspended: () => state.suspended,
    onOverload: ({ isOver, shed }) => events.push(isOver ? `over ${shed}` : 'overload'),
  });
  const come = async (name: string, caller = createCaller()) => {
    const release = await shedder.enter(caller.getDisconnect);
    if (release) leaves.set(name, release);
    events.push(release ? `${name} in` : `${name} shed`);
  };
  const go = (name: string) => leaves.get(name)?.();
  return { shedder, events, state, come, go };
}

/** Lets what is settled be told. */
const settle = () => vi.advanceTimersByTimeAsync(0);

test('no more than may be are in, and who waits comes in order as others finish', async () => {
  const { shedder, events, come, go } = createDoor(2, 10);
  for (const name of ['a', 'b', 'c', 'd']) void come(name);
  await settle();
  expect(events).toEqual(['a in', 'b in']);
  expect(shedder.stats()).toEqual({ inFlight: 2, waiting: 2, shed: 0 });
  go('b');
  await settle();
  go('a');
  await settle();
  expect(events).toEqual(['a in', 'b in', 'c in', 'd in']);
  expect(shedder.stats()).toEqual({ inFlight: 2, waiting: 0, shed: 0 });
});

test('a newcomer does not overtake who waits', async () => {
  const { events, state, come } = createDoor(1, 10);
  void come('a');
  void come('b');
  // What was in waits for something else now, so there is room for one.
  state.suspended = 1;
  void come('c');
  await settle();
  expect(events).toEqual(['a in', 'b in']);
});

test('a place is given back once, however often that is said', async () => {
  const { shedder, come, go } = createDoor(2, 0);
  await come('a');
  await come('b');
  go('a');
  go('a');
  expect(shedder.stats().inFlight).toBe(1);
  await come('c');
  await come('d');
  expect(shedder.stats()).toEqual({ inFlight: 2, waiting: 0, shed: 1 });
});

test('one more than fits dissolves the queue, and from then on nobody waits', async () => {
  const { shedder, events, come, go } = createDoor(1, 2);
  for (const name of ['a', 'b', 'c', 'd', 'e']) void come(name);
  await settle();
  expect(events.toSorted()).toEqual(
    ['a in', 'b shed', 'c shed', 'd shed', 'e shed', 'overload'].toSorted(),
  );
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 0, shed: 4 });
  go('a');
  await come('f');
  expect(events.at(-1)).toBe('f in');
});

test('who has waited for two seconds is shed, and so is the rest of the queue', async () => {
  const { shedder, events, come } = createDoor(1, 10);
  void come('a');
  void come('b');
  await vi.advanceTimersByTimeAsync(1_900);
  void come('c');
  await vi.advanceTimersByTimeAsync(99);
  expect(shedder.stats().waiting).toBe(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(events).toEqual(['a in', 'overload', 'b shed', 'c shed']);
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 0, shed: 2 });
});

test('who would wait for more than two seconds at the present pace is shed at once', async () => {
  const { shedder, events, come, go } = createDoor(1, 1_000);
  const names = Array.from({ length: 62 }, (_, at) => `${at}`);
  for (const name of names) void come(name);
  await settle();
  // One every 40 ms: of 50 or fewer that wait, the last has its turn within two seconds.
  for (const name of names.slice(0, 40)) {
    await vi.advanceTimersByTimeAsync(40);
    go(name);
    await settle();
  }
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 21, shed: 0 });
  for (let more = 0; more < 30; more += 1) void come(`more-${more}`);
  await settle();
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 51, shed: 0 });
  void come('last');
  await settle();
  expect(events.at(-1)).toBe('last shed');
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 0, shed: 52 });
});

test('a pause makes nobody fail as long as it is shorter than two seconds', async () => {
  const { shedder, come, go } = createDoor(1, 1_000);
  void come('a');
  await vi.advanceTimersByTimeAsync(100);
  for (let number = 0; number < 200; number += 1) void come(`${number}`);
  await vi.advanceTimersByTimeAsync(1_800);
  go('a');
  await settle();
  for (let number = 0; number < 199; number += 1) {
    go(`${number}`);
    await settle();
  }
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 0, shed: 0 });
});

test('nor does one in the midst of a crowd that is served fast', async () => {
  const { shedder, come, go } = createDoor(1, 2_000);
  for (let number = 0; number < 1_100; number += 1) void come(`${number}`);
  await settle();
  for (let number = 0; number < 200; number += 1) {
    await vi.advanceTimersByTimeAsync(number === 199 ? 500 : 1);
    go(`${number}`);
    await settle();
  }
  void come('newcomer');
  await settle();
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 900, shed: 0 });
});

test('how slow it once was is forgotten when nobody waits any more', async () => {
  const { shedder, come, go } = createDoor(1, 1_000);
  for (let number = 0; number < 41; number += 1) {
    void come(`${number}`);
    if (number === 0) continue;
    await vi.advanceTimersByTimeAsync(100);
    go(`${number - 1}`);
    await settle();
  }
  go('40');
  await settle();
  for (let number = 0; number < 30; number += 1) void come(`crowd-${number}`);
  await settle();
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 29, shed: 0 });
});

test('a second after the queue was dissolved people wait again, also while some are shed', async () => {
  const { shedder, events, come, go } = createDoor(1, 1);
  for (const name of ['a', 'b', 'c']) void come(name);
  await vi.advanceTimersByTimeAsync(900);
  expect(shedder.mustShed()).toBe(true);
  await vi.advanceTimersByTimeAsync(99);
  void come('d');
  await settle();
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 0, shed: 4 });
  await vi.advanceTimersByTimeAsync(1);
  expect(shedder.mustShed()).toBe(false);
  void come('e');
  await settle();
  expect(shedder.stats().waiting).toBe(1);
  go('a');
  await settle();
  expect(events.at(-1)).toBe('e in');
  await vi.advanceTimersByTimeAsync(3_000);
  expect(events).toContain('over 4');
});

test('who goes away while waiting takes no place and is not counted as shed', async () => {
  const { shedder, events, come, go } = createDoor(1, 10);
  const caller = createCaller();
  void come('a');
  void come('b', caller);
  void come('c');
  caller.goAway();
  await settle();
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 1, shed: 0 });
  go('a');
  await settle();
  expect(events).toEqual(['a in', 'b shed', 'c in']);
  await come('d', caller);
  expect(events.at(-1)).toBe('d shed');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(shedder.stats()).toEqual({ inFlight: 1, waiting: 0, shed: 0 });
});

test('what waits for something with a limit of its own leaves its place to others', async () => {
  const { shedder, events, state, come } = createDoor(1, 0);
  await come('a');
  state.suspended = 1;
  await come('b');
  expect(events).toEqual(['a in', 'b in']);
  expect(shedder.stats().inFlight).toBe(1);
  await come('c');
  expect(events.at(-1)).toBe('c shed');
});

test('who waits comes in as soon as something in there waits for something else', async () => {
  const { shedder, events, state, come } = createDoor(1, 10);
  void come('a');
  void come('b');
  await settle();
  state.suspended = 1;
  shedder.noteSuspended();
  await settle();
  expect(events).toEqual(['a in', 'b in']);
});

test('without a queue whatever has no place is shed', async () => {
  const { shedder, come } = createDoor(1, 0);
  await come('a');
  expect(shedder.mustShed()).toBe(true);
  await come('b');
  expect(shedder.stats().shed).toBe(2);
});
