import { randomBytes } from 'node:crypto';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The time stamp of RFC 9562 has 48 bits of milliseconds. */
const timestampMax = 2 ** 48 - 1;
/** `rand_a`, used as a counter, has 12 bits. */
const counterMax = 0xfff;

/** The last id's place in order: what the next one must come after. */
let lastTimestamp = -1;
let lastCounter = 0;

/**
 * Whether a text is a UUID of any version in PostgreSQL's output form, lower case with hyphens. Unlike in PostgreSQL,
 * upper case and braces are invalid, so that a row has one spelling and one place in a cache. Throws nothing.
 */
export function isUuid(value: string): boolean {
  return uuidPattern.test(value);
}

/**
 * Creates a UUID version 7 (RFC 9562 section 5.7); `now` is the clock in Unix milliseconds.
 *
 * Within this process every id sorts after the one before, also within a millisecond and when the clock steps back
 * (section 6.2, method 1: `rand_a` is a counter that starts in its lower half; an exhausted counter borrows the next
 * millisecond). So pass only a clock: a date in the far future would move all later ids. The other 62 bits are random.
 * @throws RangeError for a `now` outside 0 to 2^48 - 1
 */
export function createUuidV7(now: number = Date.now()): string {
  if (!(now >= 0 && now <= timestampMax)) throw new RangeError('A UUID needs a time in 48 bits');
  const bytes = randomBytes(16);
  advance(Math.trunc(now), bytes.readUInt16BE(6) & (counterMax >> 1));
  bytes.writeUIntBE(lastTimestamp, 0, 6);
  bytes.writeUInt16BE(0x7000 | lastCounter, 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  const hex = bytes.toString('hex');
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${groups.join('-')}-${hex.slice(20)}`;
}

function advance(now: number, counterStart: number): void {
  if (now <= lastTimestamp && lastCounter < counterMax) {
    lastCounter += 1;
    return;
  }
  lastTimestamp = Math.max(now, lastTimestamp + 1);
  lastCounter = counterStart;
}

/** A UUID that no row has; replaces malformed ids, so that they look the same as absent ones. */
export const nilUuid = '00000000-0000-0000-0000-000000000000';
