import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type FragmentSpreadNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  type InlineFragmentNode,
  isCompositeType,
  isIntrospectionType,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from 'graphql';
import type { ArgumentReader } from './argument-size.ts';
import { isCredentialMutation } from './credential-mutations.ts';
import { getFieldPrice } from './field-price.ts';

/**
 * The size of an operation, with every fragment counted wherever it is spread. `fields`, `metaFields` and
 * `credentialChecks` count the top level only.
 */
export type Measures = {
  aliases: number;
  directives: number;
  depth: number;
  cost: number;
  fields: number;
  /** Those of `fields` that are introspection: `__schema`, `__type` and `__typename`. */
  metaFields: number;
  credentialChecks: number;
};

/** Constant while an operation is walked. */
type Walk = {
  schema: GraphQLSchema;
  reader: ArgumentReader;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Measures of fragments, by name and surrounding page size. */
  known: Map<string, Measures>;
  /** The fragments being walked, so that a cycle ends; validation rejects it later. */
  open: Set<string>;
};

/** The parent type of a selection, and its page size. */
type Place = { type: GraphQLCompositeType | null; pageSize: number | null };

const nothing: Measures = {
  aliases: 0,
  directives: 0,
  depth: 0,
  cost: 0,
  fields: 0,
  metaFields: 0,
  credentialChecks: 0,
};

/**
 * Measures one operation of a document, which need not be valid: unknown fields count as scalars. Every fragment is
 * walked once per surrounding page size, so nested fragments take time linear to their text.
 */
export function measureOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  reader: ArgumentReader,
): Measures {
  const fragments = document.definitions
    .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
    .map((fragment) => [fragment.name.value, fragment] as const);
  const walk: Walk = {
    schema,
    reader,
    fragments: new Map(fragments),
    known: new Map(),
    open: new Set(),
  };
  const type = schema.getRootType(operation.operation) ?? null;
  const measures = measureSelections(operation.selectionSet, { type, pageSize: null }, walk);
  const own = [operation, ...(operation.variableDefinitions ?? [])];
  return { ...measures, directives: measures.directives + countDirectives(own) };
}

function measureSelections(set: SelectionSetNode, place: Place, walk: Walk): Measures {
  const sum = { ...nothing };
  for (const selection of set.selections) {
    const part = measureSelection(selection, place, walk);
    sum.aliases += part.aliases;
    sum.directives += part.directives + countDirectives([selection]);
    sum.depth = Math.max(sum.depth, part.depth);
    sum.cost += part.cost;
    sum.fields += part.fields;
    sum.metaFields += part.metaFields;
    sum.credentialChecks += part.credentialChecks;
  }
  return sum;
}

function measureSelection(selection: SelectionNode, place: Place, walk: Walk): Measures {
  if (selection.kind === Kind.FIELD) return measureField(selection, place, walk);
  if (selection.kind === Kind.FRAGMENT_SPREAD) return measureSpread(selection, place, walk);
  return measureFragment(selection, place, walk);
}

function measureField(node: FieldNode, place: Place, walk: Walk): Measures {
  const name = node.name.value;
  const field = place.type && findField(walk.schema, place.type, name);
  const price = field
    ? getFieldPrice(field, node, {
        reader: walk.reader,
        pageSize: place.pageSize,
        isIntrospection: place.type !== null && isIntrospectionType(place.type),
      })
    : { own: 1, times: 1, pageSize: null };
  const below = node.selectionSet
    ? measureSelections(
        node.selectionSet,
        { type: getCompositeType(field), pageSize: price.pageSize },
        walk,
      )
    : nothing;
  return {
    aliases: below.aliases + (node.alias ? 1 : 0),
    directives: below.directives,
    depth: below.depth + 1,
    cost: price.times * (price.own + below.cost),
    fields: 1,
    metaFields: name.startsWith('__') ? 1 : 0,
    credentialChecks: isCredentialMutation(name) ? 1 : 0,
  };
}

function findField(
  schema: GraphQLSchema,
  type: GraphQLCompositeType,
  name: string,
): GraphQLField<unknown, unknown> | null {
  if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
  if (isUnionType(type)) return null;
  if (type === schema.getQueryType()) {
    const metaFields = [SchemaMetaFieldDef, TypeMetaFieldDef];
    const metaField = metaFields.find((field) => field.name === name);
    if (metaField) return metaField;
  }
  return type.getFields()[name] ?? null;
}

function getCompositeType(field: GraphQLField<unknown, unknown> | null) {
  const type = field ? getNamedType(field.type) : null;
  return isCompositeType(type) ? type : null;
}

function measureSpread(spread: FragmentSpreadNode, place: Place, walk: Walk): Measures {
  const name = spread.name.value;
  const fragment = walk.fragments.get(name);
  if (fragment === undefined || walk.open.has(name)) return nothing;
  const key = `${name} ${place.pageSize}`;
  const known = walk.known.get(key);
  if (known) return known;
  walk.open.add(name);
  const measures = measureFragment(fragment, place, walk);
  walk.open.delete(name);
  walk.known.set(key, measures);
  return measures;
}

/** The page size stays that of the object, whatever the fragment's type condition. */
function measureFragment(
  fragment: InlineFragmentNode | FragmentDefinitionNode,
  { type, pageSize }: Place,
  walk: Walk,
): Measures {
  const condition = fragment.typeCondition?.name.value;
  const own = condition === undefined ? type : walk.schema.getType(condition);
  return measureSelections(
    fragment.selectionSet,
    { type: isCompositeType(own) ? own : null, pageSize },
    walk,
  );
}

function countDirectives(nodes: readonly { directives?: readonly unknown[] }[]): number {
  return nodes.reduce((count, { directives }) => count + (directives?.length ?? 0), 0);
}
