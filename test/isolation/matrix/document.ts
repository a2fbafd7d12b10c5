import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isLeafType,
  isObjectType,
  isUnionType,
} from 'graphql';
import type { Hop } from './generator.ts';
import { everybody, type Room, withParent } from './rooms.ts';
import type { Ids } from './scene.ts';
import { type FieldTable, toFieldRow } from './table.ts';

/** An operation as it is sent. */
export type Operation = { query: string; variables: Record<string, unknown> };

/** The query that goes one way to its last field, with the ids of one target. */
export function buildQuery(
  schema: GraphQLSchema,
  table: FieldTable,
  way: readonly Hop[],
  ids: Ids,
): Operation {
  const declared: string[] = [];
  const variables: Record<string, unknown> = {};
  const write = (index: number): string => {
    const hop = way[index];
    if (!hop) return '';
    const field = getField(schema, hop);
    const args = Object.entries(hop.ask?.args?.(ids) ?? {}).map(([name, value]) => {
      const variable = `v${declared.length}`;
      const type = field.args.find((arg) => arg.name === name)?.type;
      declared.push(`$${variable}: ${type}`);
      variables[variable] = value;
      return `${name}: $${variable}`;
    });
    const below = index + 1 < way.length ? write(index + 1) : selectAll(schema, table, hop);
    const inside = narrow(schema, hop, below);
    return `${hop.field}${args.length ? `(${args.join(', ')})` : ''}${inside && ` { ${inside} }`}`;
  };
  const body = write(0);
  const kind = way[0]?.type === 'Subscription' ? 'subscription' : 'query';
  const header = declared.length ? `${kind} (${declared.join(', ')})` : kind;
  return { query: `${header} { ${body} }`, variables };
}

/** The mutation, asking for all that its success tells and for why it was refused. */
export function buildMutation(
  schema: GraphQLSchema,
  table: FieldTable,
  name: string,
  input: object | undefined,
): Operation {
  const field = schema.getMutationType()?.getFields()[name];
  const union = field && getNamedType(field.type);
  if (!field || !isUnionType(union)) throw new Error(`${name} answers no union`);
  const members = union.getTypes().map((type) => {
    const inside = listFields(type).map((inner) => {
      const hop = { type: type.name, field: inner.name, row: { room: withParent }, ask: null };
      const below = selectAll(schema, table, hop);
      return `${inner.name}${below && ` { ${below} }`}`;
    });
    return `... on ${type.name} { ${inside.join(' ')} }`;
  });
  const selection = `{ __typename ${members.join(' ')} }`;
  if (input === undefined) return { query: `mutation { ${name} ${selection} }`, variables: {} };
  const type = field.args.find((arg) => arg.name === 'input')?.type;
  return {
    query: `mutation ($input: ${type}) { ${name}(input: $input) ${selection} }`,
    variables: { input },
  };
}

/** Everything about an object that comes with it; nothing for a leaf. */
export function selectAll(
  schema: GraphQLSchema,
  table: FieldTable,
  { type, field, ask }: Pick<Hop, 'type' | 'field' | 'ask'>,
): string {
  const named = getNamedType(getField(schema, { type, field }).type);
  if (isLeafType(named)) return '';
  const target = schema.getType(ask?.gives ?? named.name);
  if (!isObjectType(target)) return '__typename';
  const rows = table[target.name] ?? {};
  const own = listFields(target).filter((inner) => {
    const row = rows[inner.name];
    return isLeafType(getNamedType(inner.type)) && row && isOpen(toFieldRow(row).room);
  });
  return own.map(({ name }) => name).join(' ') || '__typename';
}

function narrow(schema: GraphQLSchema, hop: Hop, inside: string): string {
  const isAbstract = isAbstractType(getNamedType(getField(schema, hop).type));
  return isAbstract ? `... on ${hop.ask?.gives} { ${inside} }` : inside;
}

function getField(
  schema: GraphQLSchema,
  { type, field }: Pick<Hop, 'type' | 'field'>,
): GraphQLField<unknown, unknown> {
  const parent = schema.getType(type);
  const found = isObjectType(parent) ? parent.getFields()[field] : undefined;
  if (!found) throw new Error(`There is no field ${type}.${field}`);
  return found;
}

function listFields(type: GraphQLObjectType): GraphQLField<unknown, unknown>[] {
  return Object.values(type.getFields());
}

function isOpen(room: Room): boolean {
  return room === withParent || room === everybody;
}
