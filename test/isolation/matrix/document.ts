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
import { type AccessRule, anyone, withParent } from './access-rules.ts';
import type { Ids } from './attempt.ts';
import type { Step } from './generator.ts';
import { type FieldTable, toFieldRow } from './table.ts';

/** A GraphQL request body. */
export type Operation = { query: string; variables: Record<string, unknown> };

/** The query that selects the fields of a path, with the ids of one target. */
export function buildQuery(
  schema: GraphQLSchema,
  table: FieldTable,
  path: readonly Step[],
  ids: Ids,
): Operation {
  const declared: string[] = [];
  const variables: Record<string, unknown> = {};
  const write = (index: number): string => {
    const step = path[index];
    if (!step) return '';
    const field = getField(schema, step);
    const args = Object.entries(step.variant?.args?.(ids) ?? {}).map(([name, value]) => {
      const variable = `v${declared.length}`;
      const type = field.args.find((arg) => arg.name === name)?.type;
      declared.push(`$${variable}: ${type}`);
      variables[variable] = value;
      return `${name}: $${variable}`;
    });
    const below = index + 1 < path.length ? write(index + 1) : selectAll(schema, table, step);
    const inside = narrow(schema, step, below);
    return `${step.field}${args.length ? `(${args.join(', ')})` : ''}${inside && ` { ${inside} }`}`;
  };
  const body = write(0);
  const kind = path[0]?.type === 'Subscription' ? 'subscription' : 'query';
  const header = declared.length ? `${kind} (${declared.join(', ')})` : kind;
  return { query: `${header} { ${body} }`, variables };
}

/** The mutation, selecting all fields of its success type and of its errors. */
export function buildMutation(
  schema: GraphQLSchema,
  table: FieldTable,
  name: string,
  input: object | undefined,
): Operation {
  const field = schema.getMutationType()?.getFields()[name];
  const union = field && getNamedType(field.type);
  if (!field || !isUnionType(union)) throw new Error(`${name} does not return a union`);
  const members = union.getTypes().map((type) => {
    const inside = listFields(type).map((inner) => {
      const step = { type: type.name, field: inner.name, row: { rule: withParent }, variant: null };
      const below = selectAll(schema, table, step);
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

/** All scalar fields that are readable with the object itself; empty for a leaf. */
export function selectAll(
  schema: GraphQLSchema,
  table: FieldTable,
  { type, field, variant }: Pick<Step, 'type' | 'field' | 'variant'>,
): string {
  const named = getNamedType(getField(schema, { type, field }).type);
  if (isLeafType(named)) return '';
  const target = schema.getType(variant?.returnsType ?? named.name);
  if (!isObjectType(target)) return '__typename';
  const rows = table[target.name] ?? {};
  const own = listFields(target).filter((inner) => {
    const row = rows[inner.name];
    return isLeafType(getNamedType(inner.type)) && row && isOpen(toFieldRow(row).rule);
  });
  return own.map(({ name }) => name).join(' ') || '__typename';
}

/** Whether buildQuery() selects the last step of a path together with its parent. */
export function isSelectedWithParent(schema: GraphQLSchema, path: readonly Step[]): boolean {
  const last = path.at(-1);
  if (path.length < 2 || !last || last.variant !== null) return false;
  return isLeafType(getNamedType(getField(schema, last).type)) && isOpen(last.row.rule);
}

function narrow(schema: GraphQLSchema, step: Step, inside: string): string {
  const isAbstract = isAbstractType(getNamedType(getField(schema, step).type));
  return isAbstract ? `... on ${step.variant?.returnsType} { ${inside} }` : inside;
}

function getField(
  schema: GraphQLSchema,
  { type, field }: Pick<Step, 'type' | 'field'>,
): GraphQLField<unknown, unknown> {
  const parent = schema.getType(type);
  const found = isObjectType(parent) ? parent.getFields()[field] : undefined;
  if (!found) throw new Error(`There is no field ${type}.${field}`);
  return found;
}

function listFields(type: GraphQLObjectType): GraphQLField<unknown, unknown>[] {
  return Object.values(type.getFields());
}

function isOpen(rule: AccessRule): boolean {
  return rule === withParent || rule === anyone;
}
