import type { ObjectRef } from '@pothos/core';
import type { Page } from '../core/data/page.ts';
import { builder, type SchemaTypes } from './builder.ts';
import { price } from './price.ts';

/** Cost of `totalCount`, twice that of a page: counting reads the whole list. */
const countCost = 50;

const PageInfo = builder.objectRef<Page<unknown>>('PageInfo').implement({
  description: 'Position of a page in its list.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'More items follow this page.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      description: 'More items precede this page.',
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
    description: `One ${name} of a list, with its cursor.`,
    fields: (t) => ({
      node: t.field({
        type: node,
        description: `The ${name}.`,
        resolve: (edge) => edge.node as never,
      }),
      cursor: t.string({
        description: 'Cursor for `after` and `before` of this list.',
        resolve: ({ page, index }) => page.getCursor(index) ?? '',
      }),
    }),
  });
  return builder.objectRef<Page<Row>>(`${name}Connection`).implement({
    description: `One page of a list of ${name} items.`,
    fields: (t) => ({
      edges: t.field({
        type: [EdgeType],
        description: 'Items of this page, in order.',
        resolve: (page) => page.rows.map((row, index) => ({ node: row, page, index })),
      }),
      pageInfo: t.field({
        type: PageInfo,
        description: 'Whether more pages exist, with their cursors.',
        resolve: (page) => page,
      }),
      totalCount: t.int({
        nullable: true,
        description: 'Number of items in the whole list; null where counting is too expensive.',
        extensions: price({ own: countCost }),
        resolve: (page) => page.count?.() ?? null,
      }),
    }),
  });
}

type ArgBuilder = Parameters<Parameters<typeof builder.queryFields>[0]>[0]['arg'];

/** Arguments of a list that pages in both directions. */
export function pageArgs(t: { arg: ArgBuilder }) {
  return {
    first: t.arg.int({ description: 'Number of items from the start, 1 to 100; 25 by default.' }),
    after: t.arg.string({ description: 'Only items after this cursor.' }),
    last: t.arg.int({ description: 'Number of items from the end, 1 to 100.' }),
    before: t.arg.string({ description: 'Only items before this cursor.' }),
  };
}

/** Arguments of a list that only pages forward. */
export function forwardArgs(t: { arg: ArgBuilder }) {
  const { first, after } = pageArgs(t);
  return { first, after };
}
