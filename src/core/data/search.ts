import { InvalidInputError } from '../app-error.ts';
import type { JsonObject } from '../entities.ts';
import { checkMetadata, checkSearch } from '../input.ts';

/** Filters that make a list a search, with its own index and order. */
type SearchFilter = {
  search?: string | null | undefined;
  metadata?: JsonObject | null | undefined;
};

/**
 * Parses the filter and order of a list; the default order is newest first.
 * @throws InvalidInputError for a search that no index supports, and for a search with an order
 */
export function parseSearch<Filter extends SearchFilter, Order>(
  raw: Filter,
  order: Order | null,
): { isSearch: boolean; filter: Filter; order: Order | typeof newestFirst } {
  const filter = raw.search == null ? raw : { ...raw, search: checkSearch(raw.search) };
  if (filter.metadata != null) checkMetadata('metadata', filter.metadata);
  const isSearch = Boolean(filter.search || filter.metadata);
  if (isSearch && order) {
    throw new InvalidInputError('A search is always sorted newest first; omit "orderBy".', [
      'orderBy',
    ]);
  }
  return { isSearch, filter, order: order ?? newestFirst };
}

const newestFirst = { field: 'createdAt', isDescending: true } as const;

/** Escapes a search text for LIKE; null for none. */
export function toPattern(search: string | null | undefined): string | null {
  return search ? search.replace(/[\\%_]/g, '\\$&') : null;
}

/** A JSON argument for a statement, or null. */
export function toJsonb(value: JsonObject | null | undefined): string | null {
  return value ? JSON.stringify(value) : null;
}
