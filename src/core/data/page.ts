import { InvalidInputError } from '../app-error.ts';
import type { Ctx } from '../context.ts';

export const pageSizeDefault = 25;
export const pageSizeMax = 100;

/** The pagination arguments of a client. */
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
   * Returns the cursor of the row at an index (negative: from the end), or null. Created on demand, because signing is
   * costly.
   */
  getCursor: (index: number) => string | null;
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  /** Counts the whole list; called only if the client requests it. */
  count: (() => Promise<number>) | null;
};

/**
 * Checks the arguments of a list. `binding` names the list, its parent, order and filter: cursors of other lists are
 * rejected.
 * @throws InvalidInputError naming the argument
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
 * Returns the bounds of a page in the ascending order of the column: in a descending list `before` is the lower bound
 * and `after` the upper one.
 */
export function getBounds(
  { after, before }: PageRequest,
  isDescending: boolean,
): { above: CursorKey | null; below: CursorKey | null } {
  return isDescending ? { above: before, below: after } : { above: after, below: before };
}

/** The same bounds as a condition of Prisma's typed client on a single ordering column. */
export function getRange(
  request: PageRequest,
  isDescending: boolean,
): { gt?: string; lt?: string } {
  const { above, below } = getBounds(request, isDescending);
  const [[gt], [lt]] = [above ?? [], below ?? []];
  return { ...(gt && { gt }), ...(lt && { lt }) };
}

/** A page of an empty list. */
export const emptyPage: Page<never> = {
  rows: [],
  getCursor: () => null,
  hasNextPage: false,
  hasPreviousPage: false,
  count: null,
};

/** The properties of a list: a row's position and, if allowed, the length. */
type PageList<Row> = {
  toKey: (row: Row) => CursorKey;
  count?: (() => Promise<number>) | null;
};

/**
 * Makes a page from rows read in its direction, one more than its size: the extra row shows that there is another
 * page.
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
