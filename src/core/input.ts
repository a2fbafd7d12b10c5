import { trimCode, trimName } from '../lib/blanks.ts';
import { canonicalizeEmail } from '../lib/email.ts';
import { findJsonViolation } from '../lib/json-bounds.ts';
import { findSlugViolation } from '../lib/slug.ts';
import { findTextViolation } from '../lib/text.ts';
import { InvalidInputError } from './app-error.ts';
import type { JsonObject } from './entities.ts';

/**
 * Checks of input fields. Each takes off the blanks around a value and returns it as it is to be
 * stored, or throws InvalidInputError that names the field.
 */

/** A required text for people, of `min` (1) to `max` code points. */
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

/** A slug as it stands in addresses. */
export function checkSlug(field: string, value: string): string {
  const slug = trimCode(value);
  return checkWith(field, slug, findSlugViolation(slug));
}

/** Metadata: an object of at most 16 KiB, nested at most 8 deep. */
export function checkMetadata(field: string, value: unknown): JsonObject {
  return checkWith(field, value, findJsonViolation(value)) as JsonObject;
}

/** An absolute https address, or http on `localhost` by that name, of at most 2,048 characters. */
export function checkUrl(field: string, raw: string): string {
  const value = trimCode(raw);
  const url = URL.canParse(value) ? new URL(value) : null;
  const isFine =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && url.hostname === 'localhost');
  return checkWith(
    field,
    value,
    findTextViolation(value, { min: 1, max: 2048 }) ?? (isFine ? null : 'must be an https address'),
  );
}

/** A language tag such as en or pt-BR (BCP 47). */
export function checkLocale(field: string, raw: string): string {
  const value = trimCode(raw);
  const isFine = value.length <= 35 && /^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$/.test(value);
  return checkWith(field, value, isFine ? null : 'must be a language tag such as en or pt-BR');
}

/** Shortest search: a trigram index needs three characters. */
const searchMin = 3;

/** A search. Throws InvalidInputError for one that no index could serve. */
export function checkSearch(value: string): string {
  const search = checkText('search', value, 100);
  if ([...search].length < searchMin) {
    throw new InvalidInputError(`"search" needs at least ${searchMin} characters.`, ['search']);
  }
  return search;
}

function checkWith<T>(field: string, value: T, fault: string | null): T {
  if (fault !== null) throw new InvalidInputError(sentence(field, fault), [field]);
  return value;
}

function sentence(field: string, fault: string): string {
  return `"${field}" ${fault}.`;
}
