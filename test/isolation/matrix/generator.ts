import {
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { type FieldRow, type FieldTable, toFieldRow, type Variant } from './table.ts';

/** One field of a path, and the variant in which it is selected. */
export type Step = { type: string; field: string; row: FieldRow; variant: Variant | null };

/** A field with all paths to it from Query or Subscription. */
export type FieldCase = { key: string; row: FieldRow; isObject: boolean; paths: Step[][] };

/** Fields without an access rule and rules without a field; empty if both match. */
export function findGaps(schema: GraphQLSchema, table: FieldTable): string[] {
  const types = listObjectTypes(schema);
  const missing = types.flatMap((type) =>
    Object.values(type.getFields()).flatMap(({ name, args }) => {
      const row = table[type.name]?.[name];
      const key = `${type.name}.${name}`;
      if (!row) return [`${key} has no access rule: add it to matrix/${fileOf(type.name)}.`];
      const hasArguments = toFieldRow(row).variants !== undefined || !args.some(isRequiredArgument);
      return hasArguments ? [] : [`${key} needs arguments: add "variants" to its row.`];
    }),
  );
  const surplus = Object.entries(table).flatMap(([type, rows]) =>
    Object.keys(rows).flatMap((field) => {
      const known = types.find(({ name }) => name === type)?.getFields()[field];
      return known ? [] : [`${type}.${field} is no longer a field: delete its row.`];
    }),
  );
  return [...missing, ...surplus];
}

/** The same for mutations. */
export function findMutationGaps(schema: GraphQLSchema, table: object): string[] {
  const names = Object.keys(schema.getMutationType()?.getFields() ?? {});
  const rows = Object.keys(table);
  return [
    ...names
      .filter((name) => !rows.includes(name))
      .map((name) => `${name} has no access rule: add it to matrix/mutations.ts.`),
    ...rows
      .filter((name) => !names.includes(name))
      .map((name) => `${name} is no longer a mutation: delete its row.`),
  ];
}

/** Every field with every path to it. */
export function listFieldCases(schema: GraphQLSchema, table: FieldTable): FieldCase[] {
  const find = createPathFinder(schema, table);
  return listObjectTypes(schema).flatMap((type) =>
    Object.values(type.getFields()).map(({ name: field, type: output }) => {
      const row = toFieldRow(table[type.name]?.[field] ?? { rule: unclassified });
      const isObject = !isLeafType(getNamedType(output));
      const lastSteps = (row.variants ?? [null]).map((variant) => ({
        type: type.name,
        field,
        row,
        variant,
      }));
      const paths = find(type.name).flatMap((path) => lastSteps.map((last) => [...path, last]));
      return { key: `${type.name}.${field}`, row, isObject, paths };
    }),
  );
}

const unclassified = { name: 'unclassified', judge: () => 'allowed' as const };

/**
 * Finds all paths to a type. Types with an id are entered by `node`, all others through every field that
 * returns them. So each field is reached by `node` and through each of its parents.
 */
function createPathFinder(schema: GraphQLSchema, table: FieldTable): (type: string) => Step[][] {
  const types = listObjectTypes(schema);
  const isNode = (type: GraphQLObjectType) =>
    type.getInterfaces().some(({ name }) => name === 'Node');
  const find = (target: string): Step[][] => {
    if (target === 'Query' || target === 'Subscription') return [[]];
    return types.flatMap((parent) =>
      listLastSteps(parent, target).flatMap((last) =>
        pathsTo(parent).map((path) => [...path, last]),
      ),
    );
  };
  const pathsTo = (parent: GraphQLObjectType): Step[][] =>
    isNode(parent) ? listEntryPaths(parent.name).slice(0, 1) : find(parent.name);
  const listEntryPaths = (type: string) => {
    const row = toFieldRow(table.Query?.node ?? { rule: unclassified });
    const variants = (row.variants ?? []).filter(({ returnsType }) => returnsType === type);
    return variants.map((variant) => [{ type: 'Query', field: 'node', row, variant }]);
  };
  const listLastSteps = (parent: GraphQLObjectType, target: string): Step[] =>
    Object.values(parent.getFields()).flatMap(({ name, type }) => {
      const row = toFieldRow(table[parent.name]?.[name] ?? { rule: unclassified });
      const variants = row.variants ?? [null];
      return variants
        .filter(
          (variant) =>
            (variant?.returnsType ?? getNamedType(type).name) === target && !variant?.stopsHere,
        )
        .map((variant) => ({ type: parent.name, field: name, row, variant }));
    });
  return find;
}

/** All object types except introspection and Mutation, whose fields have their own table. */
function listObjectTypes(schema: GraphQLSchema): GraphQLObjectType[] {
  const mutation = schema.getMutationType();
  return Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type))
    .filter((type) => !type.name.startsWith('__') && type !== mutation);
}

function fileOf(type: string): string {
  return type === 'Query' || type === 'Subscription' ? 'queries.ts' : 'objects.ts';
}
