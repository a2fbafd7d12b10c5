import { trimCode, trimName } from '../lib/blanks.ts';
import { canonicalizeEmail } from '../lib/email.ts';
import { findJsonViolation } from '../lib/json-bounds.ts';
import { findSlugViolation } from '../lib/slug.ts';
import { findTextViolation } from '../lib/text.ts';
import { InvalidInputError } from './app-error.ts';
import type { JsonObject } from './entities.ts';

/**
 * Checks of input fields. Each trims a value and returns it as it is stored.
 * @throws InvalidInputError naming the field
 */

/** A required text of `min` (1) to `max` code points. */
export function checkText(
  field: string,
  value: string,
  max: number,
  { min = 1 }: { min?: number } = {},
): string {
  const text = trimName(value);
  return checkWith(field, text, findTextViolation(text, { min, max }));
}

/** An optional text; null and undefined stay as they are. */
export function checkOptionalText<T extends string | null | undefined>(
  field: string,
  value: T,
  max: number,
): T | string {
  return value == null ? value : checkText(field, value, max);
}

/** An e-mail address in canonical form. */
export function checkEmail(field: string, value: string): string {
  const result = canonicalizeEmail(value);
  if (!result.ok) throw new InvalidInputError(sentence(field, result.reason), [field]);
  return result.email;
}

/** A slug. */
export function checkSlug(field: string, value: string): string {
  const slug = trimCode(value);
  return checkWith(field, slug, findSlugViolation(slug));
}

/** Metadata: an object of at most 16 KiB, nested at most 8 deep. */
export function checkMetadata(field: string, value: unknown): JsonObject {
  return checkWith(field, value, findJsonViolation(value)) as JsonObject;
}

/** An https URL, or http on `localhost`, of at most 2,048 characters. */
export function checkUrl(field: string, raw: string): string {
  const value = trimCode(raw);
  const url = URL.canParse(value) ? new URL(value) : null;
  const isValid =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && url.hostname === 'localhost');
  return checkWith(
    field,
    value,
    findTextViolation(value, { min: 1, max: 2048 }) ??
      (isValid ? null : 'must be an https address'),
  );
}

/** A language tag such as en or pt-BR (BCP 47). */
export function checkLocale(field: string, raw: string): string {
  const value = trimCode(raw);
  const isValid = value.length <= 35 && /^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$/.test(value);
  return checkWith(field, value, isValid ? null : 'must be a language tag such as en or pt-BR');
}

/** A trigram index needs three characters. */
const searchMin = 3;

/** A search text, long enough for the index. */
export function checkSearch(value: string): string {
  const search = checkText('search', value, 100);
  if ([...search].length < searchMin) {
    throw new InvalidInputError(`"search" needs at least ${searchMin} characters.`, ['search']);
  }
  return search;
}

function checkWith<T>(field: string, value: T, violation: string | null): T {
  if (violation !== null) throw new InvalidInputError(sentence(field, violation), [field]);
  return value;
}

function sentence(field: string, violation: string): string {
  return `"${field}" ${violation}.`;
}
