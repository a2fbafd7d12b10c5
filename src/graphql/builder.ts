import SchemaBuilder from '@pothos/core';
import type { Ctx } from '../core/context.ts';
import type { JsonObject } from '../core/entities.ts';

/** Types that every part of the schema shares. */
type OwnTypes = {
  Context: Ctx;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    JSON: { Input: JsonObject; Output: unknown };
  };
};

/** The one schema builder. It defines no API types; each domain's schema.ts does. */
export const builder = new SchemaBuilder<OwnTypes>({
  defaultFieldNullability: false,
});

builder.queryType({ description: 'All queries.' });
builder.mutationType({ description: 'All mutations.' });
builder.subscriptionType({
  description:
    'All subscriptions, over server-sent events. Each ends when the credential is no longer valid.',
});

/** The builder's type parameters with Pothos' defaults filled in. */
export type SchemaTypes = PothosSchemaTypes.ExtendDefaultTypes<OwnTypes>;
