import {
  type FieldNode,
  type GraphQLArgument,
  Kind,
  type OperationDefinitionNode,
  type ValueNode,
} from 'graphql';

/** Returns the size of a variable's value; null if it is not given. */
export type ArgumentReader = (variableName: string) => number | null;

/** Assumes the same size for every variable. */
export function assumeSize(size: number): ArgumentReader {
  return () => size;
}

/**
 * Reads variables as the request sends them, before coercion. A value of the wrong type gets any size, since
 * coercion rejects it later.
 */
export function readVariables(
  operation: OperationDefinitionNode,
  values: Readonly<Record<string, unknown>>,
): ArgumentReader {
  const defaults = new Map(
    operation.variableDefinitions?.map(({ variable, defaultValue }) => [
      variable.name.value,
      defaultValue,
    ]),
  );
  return (name) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined) return measureValue(value);
    const fallback = defaults.get(name);
    return fallback === undefined ? null : measureLiteral(fallback, assumeSize(0));
  };
}

/** The number in, or the length of, a field's argument; null for none. */
export function readSize(
  argument: GraphQLArgument,
  node: FieldNode,
  reader: ArgumentReader,
): number | null {
  const given = node.arguments?.find(({ name }) => name.value === argument.name);
  if (given === undefined) return measureValue(argument.defaultValue);
  return measureLiteral(given.value, reader);
}

function measureLiteral(value: ValueNode, reader: ArgumentReader): number | null {
  if (value.kind === Kind.VARIABLE) return reader(value.name.value);
  if (value.kind === Kind.LIST) return value.values.length;
  if (value.kind === Kind.INT) return Number(value.value);
  // A single value in place of a list is a list of one.
  return value.kind === Kind.NULL ? null : 1;
}

function measureValue(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return Number.isNaN(value) ? null : value;
  return Array.isArray(value) ? value.length : 1;
}
