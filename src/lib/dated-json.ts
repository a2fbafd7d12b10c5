/**
 * Objects as JSON and back, with dates. Every string has a letter before it, so that no user's text can pass for a
 * date.
 */

/**
 * Serializes an object of plain values and Dates. Undefined properties are omitted.
 * @throws TypeError for values that could not be restored, such as bytes, a Map or a bigint
 */
export function stringifyDated(object: object): string {
  // `this` has the original value; `value` is the result of its toJSON().
  return JSON.stringify(object, function mark(this: Record<string, unknown>, key, value: unknown) {
    const original = this[key];
    if (original instanceof Date) return `d${original.toISOString()}`;
    if (typeof original === 'string') return `s${original}`;
    if (typeof original === 'object' && !isPlain(original)) {
      throw new TypeError(`"${key}" cannot be stored as text.`);
    }
    return value;
  });
}

/** Restores the object from stringifyDated(). */
export function parseDated(text: string): object {
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'string') return value;
    return value.startsWith('d') ? new Date(value.slice(1)) : value.slice(1);
  });
}

function isPlain(value: object | null): boolean {
  if (value === null || Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
