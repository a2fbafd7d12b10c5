import {
  type FieldNode,
  type GraphQLArgument,
  Kind,
  type OperationDefinitionNode,
  type ValueNode,
} from 'graphql';

/** The assumed size where a variable stands for one; null is "not given". */
export type ArgumentReader = (variableName: string) => number | null;

/** Reads every variable as the largest (or smallest) size there is. */
export function assumeSize(size: number): ArgumentReader {
  return () => size;
}

/**
 * Reads variables as a request gives them, not yet coerced: what does not fit its type is refused
 * when it is, so any size will do for it.
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

/** The number or the length that a field's argument was given; null for none. */
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
  // A value by itself where a list is expected is a list of one.
  return value.kind === Kind.NULL ? null : 1;
}

function measureValue(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return Number.isNaN(value) ? null : value;
  return Array.isArray(value) ? value.length : 1;
}
