/** Bounds of a JSON value: bytes of its compact UTF-8 text, and levels of nesting. */
export type JsonBounds = { maxBytes: number; maxDepth: number; object?: boolean };

const defaultBounds: JsonBounds = { maxBytes: 16 * 1024, maxDepth: 8 };

/** Keys that reach an object's prototype if copied carelessly. */
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** A value still to be checked, and its level (the outermost is 1). */
type Pending = { value: unknown; depth: number };

/**
 * Returns why a parsed JSON value is rejected, as the end of a sentence about the field ("must be at most 8 levels
 * deep"), or null if it is valid.
 *
 * A valid value is plain JSON (an object, unless `object` is false) of at most `maxBytes` bytes by `JSON.stringify`,
 * nested at most `maxDepth` deep (the outermost is 1), with finite numbers and strings that PostgreSQL's `jsonb` can
 * store, and without the keys `__proto__`, `constructor` and `prototype`. Iterates and stops at the first violation, so
 * neither depth nor size can exhaust anything. Throws nothing.
 */
export function findJsonViolation(
  value: unknown,
  bounds: JsonBounds = defaultBounds,
): string | null {
  const { maxBytes, maxDepth, object = true } = bounds;
  if (object && !isPlainObject(value)) return 'must be a JSON object';
  const pending: Pending[] = [{ value, depth: 1 }];
  let bytes = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const isContainer = typeof next.value === 'object' && next.value !== null;
    if (isContainer && next.depth > maxDepth) return `must be at most ${maxDepth} levels deep`;
    const measured = measure(next.value, maxBytes);
    if (typeof measured === 'string') return measured;
    bytes += measured.bytes;
    if (bytes > maxBytes) return `must be at most ${maxBytes} bytes of JSON`;
    for (const child of measured.children) pending.push({ value: child, depth: next.depth + 1 });
  }
  return null;
}

/** The bytes of a value without its children (brackets, commas, keys), and the children. */
type Measured = { bytes: number; children: readonly unknown[] };

/** The size of a value (at least `maxBytes + 1` if it stopped early), or its violation. */
function measure(value: unknown, maxBytes: number): Measured | string {
  if (value === null || typeof value === 'boolean') return leaf(String(value).length);
  if (typeof value === 'number') return measureNumber(value);
  if (typeof value === 'string')
    return findStringViolation(value) ?? leaf(countBytes(value, maxBytes));
  // The commas alone put an array that is too long over the bound, before its elements are read.
  if (Array.isArray(value)) return { bytes: bracketBytes(value.length), children: value };
  return isPlainObject(value) ? measureObject(value, maxBytes) : 'must contain only JSON values';
}

function measureNumber(value: number): Measured | string {
  if (!Number.isFinite(value)) return 'must contain only finite numbers';
  const text = String(value);
  // 1e308 has five bytes here and 309 digits in the database, so the digits count.
  const exponent = Number(/e([+-]\d+)$/.exec(text)?.[1] ?? 0);
  return leaf(text.length + Math.abs(exponent));
}

function measureObject(value: Readonly<Record<string, unknown>>, maxBytes: number) {
  const keys = Object.keys(value);
  const children: unknown[] = [];
  let bytes = bracketBytes(keys.length);
  for (const key of keys) {
    if (bytes > maxBytes) break;
    if (forbiddenKeys.has(key)) return `must not have the key ${key}`;
    const violation = findStringViolation(key);
    if (violation !== null) return violation;
    bytes += countBytes(key, maxBytes) + 1;
    children.push(value[key]);
  }
  return { bytes, children };
}

function leaf(bytes: number): Measured {
  return { bytes, children: [] };
}

/** Two brackets, and a comma between every two children. */
function bracketBytes(count: number): number {
  return 2 + Math.max(0, count - 1);
}

function countBytes(text: string, maxBytes: number): number {
  return text.length > maxBytes ? maxBytes + 1 : Buffer.byteLength(JSON.stringify(text));
}

function findStringViolation(text: string): string | null {
  if (text.includes('\0')) return 'must not contain the NUL character';
  return text.isWellFormed() ? null : 'must be well-formed Unicode text';
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
