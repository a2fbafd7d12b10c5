import type { GraphQLField } from 'graphql';

/**
 * The cost of a field, where the rule of src/http/graphql/limits/field-price.ts does not fit. One unit is about one
 * value in the response.
 */
export type Price = {
  /** Cost of each resolution; more than 1 if it takes a statement of its own. */
  own?: number;
  /** Usual number of items in its list. */
  items?: number;
};

/** Sets the cost of a field: `t.int({ extensions: price({ own: 50 }), … })`. */
export function price(value: Price): { price: Price } {
  return { price: value };
}

/** Returns the cost set on a field; empty for most. */
export function getPrice(field: GraphQLField<unknown, unknown>): Price {
  return (field.extensions.price as Price | undefined) ?? {};
}
