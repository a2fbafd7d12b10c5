import { type Page, type PageArgs, pageSizeMax } from '../core/data/page.ts';

/** Yields the pages of a list until its end or `limit` rows. */
export async function* readPages<Row>(
  read: (page: PageArgs) => Promise<Page<Row>>,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<readonly Row[]> {
  let left = limit;
  let after: string | null = null;
  do {
    const page: Page<Row> = await read({ first: Math.min(left, pageSizeMax), after });
    yield page.rows;
    left -= page.rows.length;
    after = page.hasNextPage ? page.getCursor(-1) : null;
  } while (after !== null && left > 0);
}

/** All rows of a short list. */
export async function readAll<Row>(read: (page: PageArgs) => Promise<Page<Row>>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const page of readPages(read)) rows.push(...page);
  return rows;
}
