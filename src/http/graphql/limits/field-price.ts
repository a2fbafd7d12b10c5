import {
  type FieldNode,
  type GraphQLField,
  getNamedType,
  getNullableType,
  isCompositeType,
  isListType,
} from 'graphql';
import { pageSizeDefault, pageSizeMax } from '../../../core/data/page.ts';
import { getPrice } from '../../../graphql/price.ts';
import { type ArgumentReader, readSize } from './argument-size.ts';

/** The cost of a page's statement, whatever it returns. */
const pageCost = 25;

/** Introspection reads no row, but a whole schema has thousands of values. */
const introspectionCosts: Record<string, number> = { __schema: 1_000, __type: 100 };

/** Assumed items of a list without a known length. */
const itemsDefault = 10;

/** The price of a field, and the number of times its children are resolved. */
export type FieldPrice = {
  own: number;
  /** The number of items of a list, else 1. */
  times: number;
  /** The page size, for the list inside the returned object. */
  pageSize: number | null;
};

/**
 * Derives the price of a field from its shape, so that new fields have one by default: `first` and `last` make a
 * page of that size with as many edges; a list with a list argument (`nodes(ids:)`) is as long as the argument;
 * any other list of objects has ten items unless its `price` differs. `pageSize` is that of the parent object.
 */
export function getFieldPrice(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  context: { reader: ArgumentReader; pageSize: number | null; isIntrospection: boolean },
): FieldPrice {
  const { own, items } = getPrice(field);
  const ownCost = own ?? introspectionCosts[field.name];
  if (context.isIntrospection || !isCompositeType(getNamedType(field.type))) {
    return { own: ownCost ?? 1, times: 1, pageSize: null };
  }
  if (isListType(getNullableType(field.type))) {
    const given = findListSize(field, node, context.reader);
    // An empty list counts as one item, so that its children are never free.
    const times = Math.max(1, given ?? items ?? context.pageSize ?? itemsDefault);
    return { own: ownCost ?? 1, times, pageSize: null };
  }
  const pageSize = findPageSize(field, node, context.reader);
  return { own: ownCost ?? (pageSize === null ? 1 : pageCost), times: 1, pageSize };
}

function findPageSize(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  reader: ArgumentReader,
): number | null {
  const sizes = field.args
    .filter(({ name }) => name === 'first' || name === 'last')
    .map((argument) => readSize(argument, node, reader));
  if (sizes.length === 0) return null;
  const given = sizes.filter((size) => size !== null);
  const size = given.length === 0 ? pageSizeDefault : Math.max(...given);
  // The service rejects a page beyond these bounds.
  return Math.min(Math.max(size, 0), pageSizeMax);
}

/** The length of the longest list among the arguments; null without such an argument. */
function findListSize(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  reader: ArgumentReader,
): number | null {
  const sizes = field.args
    .filter(({ type }) => isListType(getNullableType(type)))
    .map((argument) => readSize(argument, node, reader) ?? 0);
  return sizes.length === 0 ? null : Math.max(...sizes);
}
