import type { GraphQLField } from 'graphql';

/**
 * What a field adds to the cost of an operation, where the rule of src/http/graphql/limits/field-price.ts
 * does not know better. The unit is about one value of the answer.
 */
export type Price = {
  /** Each time it is answered; more than 1 for what takes a statement of its own. */
  own?: number;
  /** How many items its list usually has. */
  items?: number;
};

/** Puts a price on a field: `t.int({ extensions: price({ own: 50 }), … })`. */
export function price(value: Price): { price: Price } {
  return { price: value };
}

/** The price put on a field, empty for most. */
export function getPrice(field: GraphQLField<unknown, unknown>): Price {
  return (field.extensions.price as Price | undefined) ?? {};
}
