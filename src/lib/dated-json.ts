/**
 * Records as text and back, with dates as dates. Every text in them is marked by a letter before it,
 * so that no text of a user's can pass for a date.
 */

/**
 * The text of a record of plain values and Dates. What is undefined is left out. Throws TypeError for
 * anything that would not come back as it was, such as bytes, a Map or a bigint.
 */
export function stringifyDated(record: object): string {
  // `this` holds the value as it is; `value` is what toJSON() made of it.
  return JSON.stringify(record, function mark(this: Record<string, unknown>, key, value: unknown) {
    const original = this[key];
    if (original instanceof Date) return `d${original.toISOString()}`;
    if (typeof original === 'string') return `s${original}`;
    if (typeof original === 'object' && !isPlain(original)) {
      throw new TypeError(`"${key}" is nothing that can be kept as text.`);
    }
    return value;
  });
}

/** The record that stringifyDated() made the text of. */
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
