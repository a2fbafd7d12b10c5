import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Departure } from '../../src/http/client-disconnect.ts';
import { createAdmission, type Leave } from '../../src/http/load-shedding/load-shedder.ts';

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
  let leave = () => {};
  const departure = {
    aborted: false,
    addEventListener: (_: 'abort', listener: () => void) => {
      leave = listener;
    },
  };
  const goAway = () => {
    departure.aborted = true;
    leave();
  };
  return { getDeparture: () => departure as Departure, goAway };
}

/** An admission whose comings and goings are written down in order. */
function createDoor(inFlightMax: number, inFlightQueueMax: number) {
  const events: string[] = [];
  const state = { parked: 0 };
  const leaves = new Map<string, Leave>();
  const admission = createAdmission({
    inFlightMax,
    inFlightQueueMax,
    countParked: () => state.parked,
    onOverload: ({ isOver, refused }) => events.push(isOver ? `over ${refused}` : 'overload'),
  });
  const come = async (name: string, caller = createCaller()) => {
    const leave = await admission.enter(caller.getDeparture);
    if (leave) leaves.set(name, leave);
    events.push(leave ? `${name} in` : `${name} refused`);
  };
  const go = (name: string) => leaves.get(name)?.();
  return { admission, events, state, come, go };
}

/** Lets what is settled be told. */
const settle = () => vi.advanceTimersByTimeAsync(0);

test('no more than may be are in, and who waits comes in order as others leave', async () => {
  const { admission, events, come, go } = createDoor(2, 10);
  for (const name of ['a', 'b', 'c', 'd']) void come(name);
  await settle();
  expect(events).toEqual(['a in', 'b in']);
  expect(admission.stats()).toEqual({ inFlight: 2, waiting: 2, refused: 0 });
  go('b');
  await settle();
  go('a');
  await settle();
  expect(events).toEqual(['a in', 'b in', 'c in', 'd in']);
  expect(admission.stats()).toEqual({ inFlight: 2, waiting: 0, refused: 0 });
});

test('a newcomer does not overtake who waits', async () => {
  const { events, state, come } = createDoor(1, 10);
  void come('a');
  void come('b');
  // What was in waits for something else now, so there is room for one.
  state.parked = 1;
  void come('c');
  await settle();
  expect(events).toEqual(['a in', 'b in']);
});

test('a place is given back once, however often that is said', async () => {
  const { admission, come, go } = createDoor(2, 0);
  await come('a');
  await come('b');
  go('a');
  go('a');
  expect(admission.stats().inFlight).toBe(1);
  await come('c');
  await come('d');
  expect(admission.stats()).toEqual({ inFlight: 2, waiting: 0, refused: 1 });
});

test('one more than fits dissolves the queue, and from then on nobody waits', async () => {
  const { admission, events, come, go } = createDoor(1, 2);
  for (const name of ['a', 'b', 'c', 'd', 'e']) void come(name);
  await settle();
  expect(events.toSorted()).toEqual(
    ['a in', 'b refused', 'c refused', 'd refused', 'e refused', 'overload'].toSorted(),
  );
  expect(admission.stats()).toEqual({ inFlight: 1, waiting: 0, refused: 4 });
  go('a');
  await come('f');
  expect(events.at(-1)).toBe('f in');
});

test('who has waited for two seconds is refused, and so is the rest of the queue', async () => {
  const { admission, events, come } = createDoor(1, 10);
  void come('a');
  void come('b');
  await vi.advanceTimersByTimeAsync(1_900);
  void come('c');
  await vi.advanceTimersByTimeAsync(99);
  expect(admission.stats().waiting).toBe(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(events).toEqual(['a in', 'overload', 'b refused', 'c refused']);
  expect(admission.stats()).toEqual({ inFlight: 1, waiting: 0, refused: 2 });
});

test('who would wait for more than two seconds at the present pace is refused at once', async () => {
  const { admission, events, come, go } = createDoor(1, 1_000);
  const names = Array.from({ length: 62 }, (_, at) => `${at}`);
  for (const name of names) void come(name);
  await settle();
  // One every 40 ms: of 50 or fewer that wait, the last has its turn within two seconds.
  for (const name of names.slice(0, 40)) {
    await vi.advanceTimersByTimeAsync(40);
    go(name);
    await settle();
  }
  expect(admission.stats()).toEqual({ inFlight: 1, waiting: 21, refused: 0 });
  for (let more = 0; more < 30; more += 1) void come(`more-${more}`);
  await settle();
  expect(admission.stats()).toEqual({ inFlight: 1, waiting: 51, refused: 0 });
  void come('last');
  await settle();
  expect(events.at(-1)).toBe('last refused');
  expect(admission.stats()).toEqual({ inFlight: 1, waiting: 0, refused: 52 });
});

test('a pause makes nobody fail as long as it is shorter than two seconds', async () => {
  const { admission, come, go } = createDoor(1, 1_000);
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
  expect(admission.stats()).toEqual({ inFlight: 1, waiting: 0, refused: 0 });
});

test('nor does one in the midst of a crowd that is served fast', async () => {
  const { admission, come, go } = createDoor(1, 2_000);
  for (let number = 0; number < 1_100; number += 1) void come(`${number}`);
  await settle();
  for (let number = 0; number < 200; number += 1) {
    await vi.advanceTimersByTimeAsync(number === 199 ? 500 : 1);
    go(`${number}`);
    await settle();
  }
  void come('newcomer');
  await settle();
  expect(admission.stats()).toEqual({ inFlight: 1, waiting: 900, refused: 0 });
});

test('how slow it once was is forgotten when nobody waits any more', async () => {
  const { admission, come, go } = createDoor(1, 1_000);
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
  expect(admission.stats()).toEqual({ inFlight: 1, waiting: 29, refused: 0 });
});

test('a second after the queue was dissolved people wait again, also while some are refused', async () => {
  const { admission, events, come, go } = createDoor(1, 1);
  for (const name of ['a', 'b', 'c']) void come(name);
  await vi.advanceTimersByTimeAsync(900);
  expect(admission.turnsAway()).toBe(true);
  await vi.advanceTimersByTimeAsync(99);
  void come('d');
  await settle();
  expect(admission.stats()).toEqual({ inFlight: 1, waiting: 0, refused: 4 });
  await vi.advanceTimersByTimeAsync(1);
  expect(admission.turnsAway()).toBe(false);
  void come('e');
  await settle();
  expect(admission.stats().waiting).toBe(1);
  go('a');
  await settle();
  expect(events.at(-1)).toBe('e in');
  await vi.advanceTimersByTimeAsync(3_000);
  expect(events).toContain('over 4');
});

test('who goes away while waiting takes no place and is not counted as refused', async () => {
  const { admission, events, come, go } = createDoor(1, 10);
  const caller = createCaller();
  void come('a');
  void come('b', caller);
  void come('c');
  caller.goAway();
  await settle();
  expect(admission.stats()).toEqual({ inFlight: 1, waiting: 1, refused: 0 });
  go('a');
  await settle();
  expect(events).toEqual(['a in', 'b refused', 'c in']);
  await come('d', caller);
  expect(events.at(-1)).toBe('d refused');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(admission.stats()).toEqual({ inFlight: 1, waiting: 0, refused: 0 });
});

test('what waits for something with a limit of its own leaves its place to others', async () => {
  const { admission, events, state, come } = createDoor(1, 0);
  await come('a');
  state.parked = 1;
  await come('b');
  expect(events).toEqual(['a in', 'b in']);
  expect(admission.stats().inFlight).toBe(1);
  await come('c');
  expect(events.at(-1)).toBe('c refused');
});

test('who waits comes in as soon as something in there waits for something else', async () => {
  const { admission, events, state, come } = createDoor(1, 10);
  void come('a');
  void come('b');
  await settle();
  state.parked = 1;
  admission.noteParked();
  await settle();
  expect(events).toEqual(['a in', 'b in']);
});

test('without a queue whatever has no place is refused', async () => {
  const { admission, come } = createDoor(1, 0);
  await come('a');
  expect(admission.turnsAway()).toBe(true);
  await come('b');
  expect(admission.stats().refused).toBe(2);
});
