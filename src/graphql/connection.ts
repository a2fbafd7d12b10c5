import type { ObjectRef } from '@pothos/core';
import type { Page } from '../core/data/page.ts';
import { builder, type SchemaTypes } from './builder.ts';
import { price } from './price.ts';

/** Counting reads the whole list, twice the price of a page. */
const countCost = 50;

const PageInfo = builder.objectRef<Page<unknown>>('PageInfo').implement({
  description: 'Where a page stands in its list.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'More follows after the end.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      description: 'More comes before the start.',
    }),
    startCursor: t.string({
      nullable: true,
      description: 'Cursor of the first edge.',
      resolve: (page) => page.getCursor(0),
    }),
    endCursor: t.string({
      nullable: true,
      description: 'Cursor of the last edge.',
      resolve: (page) => page.getCursor(-1),
    }),
  }),
});

type Edge<Row> = { node: Row; page: Page<Row>; index: number };

/** Defines `<Name>Connection` and `<Name>Edge` over pages of `node`. */
export function createConnectionType<Row extends object>(
  name: string,
  node: ObjectRef<SchemaTypes, Row>,
): ObjectRef<SchemaTypes, Page<Row>> {
  const EdgeType = builder.objectRef<Edge<Row>>(`${name}Edge`).implement({
    description: `One ${name} of a list, and where it stands.`,
    fields: (t) => ({
      node: t.field({
        type: node,
        description: `The ${name}.`,
        resolve: (edge) => edge.node as never,
      }),
      cursor: t.string({
        description: 'Good for `after` and `before` of this list.',
        resolve: ({ page, index }) => page.getCursor(index) ?? '',
      }),
    }),
  });
  return builder.objectRef<Page<Row>>(`${name}Connection`).implement({
    description: `A page of a list of ${name}.`,
    fields: (t) => ({
      edges: t.field({
        type: [EdgeType],
        description: 'The rows of this page, in order.',
        resolve: (page) => page.rows.map((row, index) => ({ node: row, page, index })),
      }),
      pageInfo: t.field({
        type: PageInfo,
        description: 'What lies before and after.',
        resolve: (page) => page,
      }),
      totalCount: t.int({
        nullable: true,
        description: 'How many rows the whole list has; null where counting would cost too much.',
        extensions: price({ own: countCost }),
        resolve: (page) => page.count?.() ?? null,
      }),
    }),
  });
}

type ArgBuilder = Parameters<Parameters<typeof builder.queryFields>[0]>[0]['arg'];

/** The arguments of a list that can be read from both ends. */
export function pageArgs(t: { arg: ArgBuilder }) {
  return {
    first: t.arg.int({ description: 'The first so many, 1 to 100; 25 unless said otherwise.' }),
    after: t.arg.string({ description: 'Only what comes after this cursor.' }),
    last: t.arg.int({ description: 'The last so many, 1 to 100.' }),
    before: t.arg.string({ description: 'Only what comes before this cursor.' }),
  };
}

/** The arguments of a list that is only read forward. */
export function forwardArgs(t: { arg: ArgBuilder }) {
  const { first, after } = pageArgs(t);
  return { first, after };
}
