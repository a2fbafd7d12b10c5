import { InvalidInputError } from '../app-error.ts';
import type { Ctx } from '../context.ts';

export const pageSizeDefault = 25;
export const pageSizeMax = 100;

/** The arguments of a list as a client gives them. */
export type PageArgs = {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
};

/** The values of the ordering columns of one row, the last one unique. */
export type CursorKey = readonly string[];

/** A checked page request; `binding` ties its cursors to one list, order and filter. */
export type PageRequest = {
  size: number;
  isBackward: boolean;
  after: CursorKey | null;
  before: CursorKey | null;
  binding: string;
};

export type Page<Row> = {
  rows: readonly Row[];
  /**
   * The cursor of the row at an index, counted from the end where it is negative; null where there is none.
   * Signing takes a while, so only those are made that somebody asks for.
   */
  getCursor: (index: number) => string | null;
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  /** Counts the whole list; asked only when a client wants it. */
  count: (() => Promise<number>) | null;
};

/**
 * Checks the arguments of a list. `binding` names the list, its parent, order and filter: a cursor of
 * another list is refused. Throws InvalidInputError naming the argument.
 */
export function parsePage(ctx: Ctx, args: PageArgs, binding: string): PageRequest {
  const { first, last } = args;
  if (first != null && last != null) {
    throw new InvalidInputError('Give either "first" or "last", not both.', ['last']);
  }
  const size = first ?? last ?? pageSizeDefault;
  if (size < 1 || size > pageSizeMax) {
    const field = last != null ? 'last' : 'first';
    throw new InvalidInputError(`"${field}" must be between 1 and ${pageSizeMax}.`, [field]);
  }
  const readCursor = (field: 'after' | 'before'): CursorKey | null => {
    const cursor = args[field];
    if (cursor == null) return null;
    const key = ctx.runtime.cursors.decode(binding, cursor);
    if (key === null) {
      throw new InvalidInputError(
        `"${field}" is not a cursor of this list with this order and filter.`,
        [field],
      );
    }
    return key.map(String);
  };
  return {
    size,
    isBackward: last != null,
    after: readCursor('after'),
    before: readCursor('before'),
    binding,
  };
}

/**
 * Between which positions a page lies, in the order of the column itself: a list that starts at the
 * large end has `before` above and `after` below.
 */
export function getBounds(
  { after, before }: PageRequest,
  isDescending: boolean,
): { above: CursorKey | null; below: CursorKey | null } {
  return isDescending ? { above: before, below: after } : { above: after, below: before };
}

/** A page of a list that has nothing for this caller. */
export const emptyPage: Page<never> = {
  rows: [],
  getCursor: () => null,
  hasNextPage: false,
  hasPreviousPage: false,
  count: null,
};

/** Properties of a list that a page needs: a row's position and, if allowed, the length. */
type PageList<Row> = {
  toKey: (row: Row) => CursorKey;
  count?: (() => Promise<number>) | null;
};

/**
 * Makes a page of rows that were read in the page's direction, one more than its size: the surplus
 * row only tells that there is more.
 */
export function toPage<Row>(
  ctx: Ctx,
  request: PageRequest,
  rows: readonly Row[],
  { toKey, count }: PageList<Row>,
): Page<Row> {
  const hasMore = rows.length > request.size;
  const kept = rows.slice(0, request.size);
  if (request.isBackward) kept.reverse();
  return {
    rows: kept,
    getCursor(index) {
      const row = kept.at(index);
      return row === undefined ? null : ctx.runtime.cursors.encode(request.binding, toKey(row));
    },
    hasNextPage: request.isBackward ? request.before !== null : hasMore,
    hasPreviousPage: request.isBackward ? hasMore : request.after !== null,
    count: count ?? null,
  };
}
