import fc from 'fast-check';
import {
  type FieldNode,
  type GraphQLCompositeType,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isUnionType,
  Kind,
  parse,
} from 'graphql';
import { expect, test } from 'vitest';
import { assumeSize, readVariables } from '../../src/http/graphql/limits/argument-size.ts';
import {
  checkDocument,
  findOperationViolation,
} from '../../src/http/graphql/limits/find-violation.ts';
import { measureOperation } from '../../src/http/graphql/limits/measure.ts';
import { schema } from '../../src/schema.ts';

// Documents for the real schema, each written twice: with named fragments, and with every fragment inlined. The
// limits must treat both forms alike.

/** Part of a selection before it is printed. A group becomes a named or an inline fragment. */
type Part = { kind: 'field'; head: string; parts: Part[] } | Group;

type Group = { kind: 'group'; name: string; type: string; directive: string; parts: Part[] };

/** Returns the numbers of a list one by one, then zeros, so small lists make small documents. */
function createDice(numbers: readonly number[]) {
  let next = 0;
  const roll = (sides: number) => (numbers[next++] ?? 0) % sides;
  return { roll, pick: <T>(list: readonly T[]): T => list[roll(list.length)] as T };
}

type Dice = ReturnType<typeof createDice>;

/** Names that naive code would mistake for something else; further fragments are F4, F5 and so on. */
const names = ['__schema', '__proto__', 'constructor', 'first'];
const directives = ['', '', '', '@include(if: $on)', '@skip(if: false)'];
const aliases = ['', '', '', 'a: ', 'b: '];
const sizes = ['', '(first: 2)', '(first: 100)', '(last: 3)', '(first: $size)', '(first: null)'];

/** `groups` holds the groups so far, which can be used again in other places. */
function rollParts(dice: Dice, type: GraphQLCompositeType, depth: number, groups: Group[]): Part[] {
  const count = 1 + dice.roll(4);
  return Array.from({ length: count }, () =>
    dice.roll(3) === 0 && depth > 0
      ? rollGroup(dice, type, depth, groups)
      : rollField(dice, type, depth, groups),
  );
}

function rollGroup(dice: Dice, type: GraphQLCompositeType, depth: number, groups: Group[]): Part {
  const types = isAbstractType(type) ? [type, ...schema.getPossibleTypes(type)] : [type];
  const own = dice.pick(types);
  const directive = dice.pick(directives);
  const known = groups.filter((group) => group.type === own.name);
  if (known.length > 0 && dice.roll(4) > 0) return { ...dice.pick(known), directive };
  const parts = rollParts(dice, own, depth - 1, groups);
  const name = names[groups.length] ?? `F${groups.length}`;
  const group: Group = { kind: 'group', name, type: own.name, directive, parts };
  groups.push(group);
  return group;
}

function rollField(dice: Dice, type: GraphQLCompositeType, depth: number, groups: Group[]): Part {
  const alias = dice.pick(aliases);
  const directive = dice.pick(directives);
  const fields = isUnionType(type) ? [] : Object.values(type.getFields());
  const field = fields[dice.roll(fields.length + 1)];
  const below = field && getNamedType(field.type);
  if (field === undefined || (isCompositeType(below) && depth === 0)) {
    return { kind: 'field', head: `${alias}__typename ${directive}`, parts: [] };
  }
  const hasSize = field.args.some(({ name }) => name === 'first');
  const takesList = field.args.some(({ name }) => name === 'ids');
  const given = takesList ? dice.pick(['(ids: $ids)', '(ids: ["a", "b"])', '(ids: [])']) : '';
  const head = `${alias}${field.name}${hasSize ? dice.pick(sizes) : given} ${directive}`;
  const parts = isCompositeType(below) ? rollParts(dice, below, depth - 1, groups) : [];
  return { kind: 'field', head, parts };
}

type Form = 'fragments' | 'inline';

function write(parts: readonly Part[], form: Form, fragments: Map<string, string>): string {
  const texts = parts.map((part) => {
    if (part.kind === 'field') {
      return part.parts.length === 0
        ? part.head
        : `${part.head} ${write(part.parts, form, fragments)}`;
    }
    const body = `on ${part.type}`;
    if (form === 'inline') {
      return `... ${body} ${part.directive} ${write(part.parts, form, fragments)}`;
    }
    if (!fragments.has(part.name)) {
      fragments.set(part.name, '');
      fragments.set(
        part.name,
        `fragment ${part.name} ${body} ${write(part.parts, form, fragments)}`,
      );
    }
    return `...${part.name} ${part.directive}`;
  });
  return `{ ${texts.join(' ')} }`;
}

function writeDocument(parts: readonly Part[], form: Form, operation: string) {
  const fragments = new Map<string, string>();
  const body = write(parts, form, fragments);
  const head = `${operation} ($size: Int = 7, $ids: [ID!]!, $on: Boolean = true)`;
  const document = parse([`${head} ${body}`, ...fragments.values()].join('\n'));
  const [definition] = document.definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error('the operation comes first');
  return { document, operation: definition, fragmentCount: fragments.size };
}

const variableSets = [
  { ids: [] },
  { ids: ['a'], size: 100 },
  { ids: Array(90).fill('a'), size: null },
];

function describeVerdicts({ document, operation }: ReturnType<typeof writeDocument>) {
  return {
    verdict: checkDocument(schema, document).kind,
    bounds: [0, 1, Number.POSITIVE_INFINITY].map((size) =>
      measureOperation(schema, document, operation, assumeSize(size)),
    ),
    requests: variableSets.map((variables) => ({
      measures: measureOperation(schema, document, operation, readVariables(operation, variables)),
      violation: findOperationViolation(schema, { document, operationName: null, variables })
        ?.message,
    })),
  };
}

const roots = ['query', 'mutation'] as const;

function rollDocument([isMutation, ...numbers]: number[]) {
  const root = roots[(isMutation ?? 0) % 4 === 3 ? 1 : 0] as (typeof roots)[number];
  const type = root === 'query' ? schema.getQueryType() : schema.getMutationType();
  if (!type) throw new Error('the schema has both');
  const parts = rollParts(createDice(numbers), type, 6, []);
  return { root, parts };
}

test('a document and its inlined form get the same measures and the same verdict', () => {
  const seen = { fragments: 0, accepted: 0, rejected: 0, depends: 0 };
  fc.assert(
    fc.property(fc.array(fc.nat(997), { maxLength: 300, size: 'max' }), (numbers) => {
      const { root, parts } = rollDocument(numbers);
      const withFragments = writeDocument(parts, 'fragments', root);
      const verdicts = describeVerdicts(withFragments);
      expect(verdicts).toEqual(describeVerdicts(writeDocument(parts, 'inline', root)));
      seen.fragments += withFragments.fragmentCount;
      seen[verdicts.verdict] += 1;
    }),
    { numRuns: 1_500 },
  );
  // Otherwise the property would cover too little.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
});

test('a larger size never costs less, and every field costs something', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(997), { maxLength: 200, size: 'max' }),
      fc.nat(120),
      fc.nat(120),
      (numbers, one, other) => {
        const { root, parts } = rollDocument(numbers);
        const { document, operation } = writeDocument(parts, 'fragments', root);
        const [small, large] = [Math.min(one, other), Math.max(one, other)].map((size) =>
          measureOperation(schema, document, operation, assumeSize(size)),
        );
        expect(small?.cost).toBeGreaterThanOrEqual(countFields(operation.selectionSet.selections));
        expect(large?.cost).toBeGreaterThanOrEqual(small?.cost ?? Number.NaN);
      },
    ),
    { numRuns: 300 },
  );
});

function countFields(selections: readonly { kind: string }[]): number {
  return selections.filter((selection): selection is FieldNode => selection.kind === Kind.FIELD)
    .length;
}
