/**
 * Returns JSON in which equal values have equal texts: keys are sorted, undefined ones omitted. Dates are as in
 * JSON.stringify.
 * @throws TypeError for a bigint or a cycle
 */
export function toCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (isObject(part) ? sortKeys(part) : part));
}

function sortKeys(object: object): object {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
