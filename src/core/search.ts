import type { JsonObject } from './records.ts';

/** What a person typed, safe inside a LIKE pattern; null when nothing was typed. */
export function toPattern(search: string | null | undefined): string | null {
  return search ? search.replace(/[\\%_]/g, '\\$&') : null;
}

/** A JSON argument for a statement, or null. */
export function toJsonb(value: JsonObject | null | undefined): string | null {
  return value ? JSON.stringify(value) : null;
}
