import {
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { type Ask, type FieldRow, type FieldTable, toFieldRow } from './table.ts';

/** One field on the way through a query, and how it is asked. */
export type Hop = { type: string; field: string; row: FieldRow; ask: Ask | null };

/** A field with all the ways that lead to it. */
export type FieldCase = { key: string; row: FieldRow; isObject: boolean; ways: Hop[][] };

/** What is wrong between the schema and the table of rooms; empty when each covers the other. */
export function findGaps(schema: GraphQLSchema, table: FieldTable): string[] {
  const types = listObjectTypes(schema);
  const missing = types.flatMap((type) =>
    Object.values(type.getFields()).flatMap(({ name, args }) => {
      const row = table[type.name]?.[name];
      const key = `${type.name}.${name}`;
      if (!row) return [`${key} has no room: say in matrix/${fileOf(type.name)} who may see it.`];
      const isAsked = toFieldRow(row).asks !== undefined || !args.some(isRequiredArgument);
      return isAsked ? [] : [`${key} needs arguments: give its row "asks".`];
    }),
  );
  const surplus = Object.entries(table).flatMap(([type, rows]) =>
    Object.keys(rows).flatMap((field) => {
      const known = types.find(({ name }) => name === type)?.getFields()[field];
      return known ? [] : [`${type}.${field} is no field any more: delete its row.`];
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
      .map((name) => `${name} has no room: say in matrix/mutations.ts who may call it.`),
    ...rows
      .filter((name) => !names.includes(name))
      .map((name) => `${name} is no mutation any more: delete its row.`),
  ];
}

/** Every field with every way to it that a query has. */
export function listFieldCases(schema: GraphQLSchema, table: FieldTable): FieldCase[] {
  const find = createWayFinder(schema, table);
  return listObjectTypes(schema).flatMap((type) =>
    Object.values(type.getFields()).map(({ name: field, type: answer }) => {
      const row = toFieldRow(table[type.name]?.[field] ?? { room: nowhere });
      const isObject = !isLeafType(getNamedType(answer));
      const lasts = (row.asks ?? [null]).map((ask) => ({ type: type.name, field, row, ask }));
      const ways = find(type.name).flatMap((way) => lasts.map((last) => [...way, last]));
      return { key: `${type.name}.${field}`, row, isObject, ways };
    }),
  );
}

const nowhere = { name: 'unclassified', judge: () => 'allowed' as const };

/**
 * The ways to an object: what has an id is entered by its id, everything else through every field
 * that leads to it. So each field is reached by `node` and through each of its parents.
 */
function createWayFinder(schema: GraphQLSchema, table: FieldTable): (type: string) => Hop[][] {
  const types = listObjectTypes(schema);
  const isNode = (type: GraphQLObjectType) =>
    type.getInterfaces().some(({ name }) => name === 'Node');
  const find = (target: string): Hop[][] => {
    if (target === 'Query' || target === 'Subscription') return [[]];
    return types.flatMap((parent) =>
      listLasts(parent, target).flatMap((last) => waysTo(parent).map((way) => [...way, last])),
    );
  };
  const waysTo = (parent: GraphQLObjectType): Hop[][] =>
    isNode(parent) ? listDoors(parent.name).slice(0, 1) : find(parent.name);
  const listDoors = (type: string) => {
    const row = toFieldRow(table.Query?.node ?? { room: nowhere });
    const asks = (row.asks ?? []).filter(({ gives }) => gives === type);
    return asks.map((ask) => [{ type: 'Query', field: 'node', row, ask }]);
  };
  const listLasts = (parent: GraphQLObjectType, target: string): Hop[] =>
    Object.values(parent.getFields()).flatMap(({ name, type }) => {
      const row = toFieldRow(table[parent.name]?.[name] ?? { room: nowhere });
      const asks = row.asks ?? [null];
      return asks
        .filter((ask) => (ask?.gives ?? getNamedType(type).name) === target && !ask?.endsHere)
        .map((ask) => ({ type: parent.name, field: name, row, ask }));
    });
  return find;
}

/** All object types but those of introspection and Mutation, whose fields have a table of their own. */
function listObjectTypes(schema: GraphQLSchema): GraphQLObjectType[] {
  const mutation = schema.getMutationType();
  return Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type))
    .filter((type) => !type.name.startsWith('__') && type !== mutation);
}

function fileOf(type: string): string {
  return type === 'Query' || type === 'Subscription' ? 'queries.ts' : 'objects.ts';
}
