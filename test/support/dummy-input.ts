import {
  type GraphQLInputType,
  getNullableType,
  isInputObjectType,
  isListType,
  isRequiredInputField,
} from 'graphql';

const leaves: Record<string, unknown> = { Int: 1, Float: 1, Boolean: true, JSON: {} };

/** A value of the right type without meaning, for calls that must be rejected before it is used. */
export function createDummy(type: GraphQLInputType): unknown {
  const bare = getNullableType(type);
  if (isListType(bare)) return [createDummy(bare.ofType)];
  if (!isInputObjectType(bare)) return leaves[bare.toString()] ?? 'x';
  return Object.fromEntries(
    Object.values(bare.getFields())
      .filter(isRequiredInputField)
      .map((field) => [field.name, createDummy(field.type)]),
  );
}
