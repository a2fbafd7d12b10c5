import { type Page, type PageArgs, pageSizeMax } from '../core/data/page.ts';

/** Every page of a list, forward, until its end or until `limit` rows have come. */
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

/** All rows of a list that is known to be short. */
export async function readAll<Row>(read: (page: PageArgs) => Promise<Page<Row>>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const page of readPages(read)) rows.push(...page);
  return rows;
}
