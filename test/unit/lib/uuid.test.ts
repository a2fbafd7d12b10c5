import { expect, test, vi } from 'vitest';
import { createUuidV7, isUuid } from '../../../src/lib/uuid.ts';

test('a UUID of any version is recognised only in its canonical spelling', () => {
  const uuid = '0193e0a0-1b2c-7d3e-8f40-5a6b7c8d9e0f';
  expect(isUuid(uuid)).toBe(true);
  expect(isUuid('00000000-0000-0000-0000-000000000000')).toBe(true);
  expect(isUuid('6fa459ea-ee8a-4ca4-894e-db77e160355e')).toBe(true);
  const others = ['', `{${uuid}}`, ` ${uuid}`, `${uuid}\n`, uuid.toUpperCase(), `${uuid}0`];
  for (const other of [...others, uuid.replaceAll('-', ''), uuid.replace('a', 'g')]) {
    expect(isUuid(other), JSON.stringify(other)).toBe(false);
  }
});

test('an id has version 7, the variant of RFC 9562 and its creation time', () => {
  const now = Date.now() + 1_000;
  const uuid = createUuidV7(now);
  expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(isUuid(uuid)).toBe(true);
  expect(Number.parseInt(uuid.replace('-', '').slice(0, 12), 16)).toBe(now);
});

test('ids sort in creation order, even within one millisecond', () => {
  const now = Date.now() + 2_000;
  const uuids = Array.from({ length: 20_000 }, () => createUuidV7(now));
  expect(uuids.toSorted()).toEqual(uuids);
  expect(new Set(uuids).size).toBe(uuids.length);
});

test('ids keep their order if the clock stands still or steps back', () => {
  vi.useFakeTimers({ now: Date.now() + 10_000 });
  try {
    const before = createUuidV7();
    vi.setSystemTime(Date.now() - 5_000);
    const after = createUuidV7();
    expect(after > before).toBe(true);
    expect(createUuidV7() > after).toBe(true);
    expect(after.slice(0, 13), 'the time does not advance without need').toBe(before.slice(0, 13));
  } finally {
    vi.useRealTimers();
  }
});

test('a time that does not fit into 48 bits is rejected', () => {
  for (const now of [-1, 2 ** 48, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => createUuidV7(now)).toThrow(RangeError);
  }
});
