import {
  type GraphQLArgument,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
  isObjectType,
} from 'graphql';
import type pg from 'pg';
import type { Operation } from './document.ts';
import { selectAll } from './document.ts';
import type { FieldTable } from './table.ts';

/** An operation whose input has undefined fields: the names of these columns. */
export type ExtendedInput = { key: string; columns: string[]; operation: Operation };

/** graphql-js reports 50 errors of variables at most; this is below, so each column is reported by itself. */
const columnsMax = 40;

/**
 * Each input of the schema with all column names of all tables, in snake and camel case, except the
 * fields that the input defines.
 */
export async function listExtendedInputs(
  schema: GraphQLSchema,
  table: FieldTable,
  owner: pg.Client,
): Promise<ExtendedInput[]> {
  const names = await listColumnNames(owner);
  const inputs = Object.values(schema.getTypeMap()).filter((type) => isInputObjectType(type));
  return inputs.flatMap((input) => {
    const query = findQuery(schema, table, input);
    const unknown = names.filter((name) => !Object.hasOwn(input.getFields(), name));
    const count = Math.ceil(unknown.length / columnsMax);
    return Array.from({ length: count }, (_, index) => {
      const columns = unknown.slice(index * columnsMax, (index + 1) * columnsMax);
      const fields = Object.fromEntries(columns.map((column) => [column, 'x']));
      return {
        key: input.name,
        columns,
        operation: { query: query.text, variables: { v: query.wrap(fields) } },
      };
    });
  });
}

async function listColumnNames(owner: pg.Client): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>(`
    select distinct a.attname::text as name from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0
      and not a.attisdropped and c.relname <> '_prisma_migrations'`);
  const camel = (name: string) => name.replace(/_(.)/g, (_all, letter) => letter.toUpperCase());
  const all = rows.flatMap(({ name }) => [name, camel(name)]);
  return [...new Set([...all, 'isPlatformAdmin', 'role', 'roles', 'userId', '__proto__'])].sort();
}

/** An operation with a variable `v` of this input type, through any field that takes it. */
function findQuery(schema: GraphQLSchema, table: FieldTable, input: GraphQLInputObjectType) {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const [place] = field.args.flatMap((arg) => listPlaces(arg, input));
      if (!place) continue;
      const { arg, wrap } = place;
      const inside = selectAll(schema, table, {
        type: type.name,
        field: field.name,
        variant: null,
      });
      const leaf = `${field.name}(${arg.name}: $v) { ${inside || '__typename'} }`;
      return {
        text: `${wrapIn(schema, type.name)[0]}($v: ${arg.type}) { ${wrapIn(schema, type.name)[1](leaf)} }`,
        wrap,
      };
    }
  }
  throw new Error(`No field takes ${input.name}`);
}

/** The position of the input in an argument: the argument itself, or one level below. */
function listPlaces(arg: GraphQLArgument, input: GraphQLInputObjectType) {
  const toValue = ({ type }: { type: GraphQLInputType }, value: object) =>
    isListType(getNullableType(type)) ? [value] : value;
  const type = getNamedType(arg.type);
  if (type === input) return [{ arg, wrap: (value: object) => toValue(arg, value) }];
  if (!isInputObjectType(type)) return [];
  return Object.values(type.getFields())
    .filter((field) => getNamedType(field.type) === input)
    .map((field) => ({
      arg,
      wrap: (value: object) => toValue(arg, { [field.name]: toValue(field, value) }),
    }));
}

function wrapIn(schema: GraphQLSchema, type: string): [string, (leaf: string) => string] {
  if (type === schema.getMutationType()?.name) return ['mutation', (leaf) => leaf];
  if (type === schema.getQueryType()?.name) return ['query', (leaf) => leaf];
  return ['query', (leaf) => `node(id: "") { ... on ${type} { ${leaf} } }`];
}
