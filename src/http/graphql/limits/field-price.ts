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

/** A page is a statement of its own, whatever it holds. */
const pageCost = 25;

/** Introspection touches no row, but a whole schema is some thousands of values. */
const introspectionCosts: Record<string, number> = { __schema: 1_000, __type: 100 };

/** Items of a list that says nothing about its length. */
const itemsDefault = 10;

/** The price of a field, and how often its children are resolved. */
export type FieldPrice = {
  own: number;
  /** Answers of the field itself and all below it: the items of a list, else 1. */
  times: number;
  /** For the list in the object that is answered: the size of a page. */
  pageSize: number | null;
};

/**
 * The price of a field, mostly from its shape, so that a new field is priced without anybody
 * thinking of it: `first` and `last` make a page of that size, whose list of edges is as long; a
 * list that is given a list (`nodes(ids:)`) is as long as that; any other list of objects has ten
 * items unless its `price` says otherwise. `pageSize` is that of the object the field belongs to.
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
    // An empty list counts as one item: nothing may make what is below it free.
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
  // Beyond these bounds the service refuses the page and says so.
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
