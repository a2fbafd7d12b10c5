import { type DocumentNode, GraphQLError, type GraphQLSchema, Kind } from 'graphql';
import { type ArgumentReader, assumeSize, readVariables } from './argument-size.ts';
import { type Measures, measureOperation } from './measure.ts';

// Reasons for the limits: docs/decisions/011-document-limits.md. No response reveals them.
const aliasesMax = 15;
const rootFieldsMax = 20;
const directivesMax = 5;
const depthMax = 8;
/** The introspection query of graphql-js with all its options, which every tool sends, has 15. */
const introspectionDepthMax = 15;
const costMax = 5_000;
const credentialChecksMax = 1;

/** The result of checking a document, for any variables. */
export type DocumentCheck =
  | { kind: 'rejected'; error: GraphQLError }
  | { kind: 'accepted' }
  /** Depends on sizes in the variables: call `findOperationViolation` for each request. */
  | { kind: 'depends' };

/** Checks every operation of a document, which need not be valid. */
export function checkDocument(schema: GraphQLSchema, document: DocumentNode): DocumentCheck {
  let kind: 'accepted' | 'depends' = 'accepted';
  for (const operation of document.definitions) {
    if (operation.kind !== Kind.OPERATION_DEFINITION) continue;
    const measure = (reader: ArgumentReader) =>
      measureOperation(schema, document, operation, reader);
    if (findViolation(measure(assumeSize(Number.POSITIVE_INFINITY))) === null) continue;
    const violation = findViolation(measure(assumeSize(0)));
    if (violation !== null) return { kind: 'rejected', error: createTooComplex(violation) };
    kind = 'depends';
  }
  return { kind };
}

/** Checks the operation to be executed, with its variables. */
export function findOperationViolation(
  schema: GraphQLSchema,
  request: {
    document: DocumentNode;
    operationName: string | null | undefined;
    variables: Readonly<Record<string, unknown>>;
  },
): GraphQLError | null {
  const { document, operationName, variables } = request;
  const operation = document.definitions
    .filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
    .find(({ name }) => operationName == null || name?.value === operationName);
  if (operation === undefined) return null;
  const reader = readVariables(operation, variables);
  const violation = findViolation(measureOperation(schema, document, operation, reader));
  return violation === null ? null : createTooComplex(violation);
}

/** The error for a document; `message` must not contain the value of a limit. */
export function createTooComplex(message: string): GraphQLError {
  // `spec` makes Yoga respond as it does to a validation error.
  return new GraphQLError(message, {
    extensions: { code: 'QUERY_TOO_COMPLEX', http: { status: 400, spec: true } },
  });
}

function findViolation(measures: Measures): string | null {
  const isIntrospection = measures.fields === measures.metaFields;
  const checks: [isExceeded: boolean, message: string][] = [
    [measures.aliases > aliasesMax, 'The operation uses too many aliases.'],
    [measures.directives > directivesMax, 'The operation uses too many directives.'],
    [measures.fields > rootFieldsMax, 'The operation has too many root fields.'],
    [
      measures.depth > (isIntrospection ? introspectionDepthMax : depthMax),
      'The operation is nested too deeply.',
    ],
    [
      measures.credentialChecks > credentialChecksMax,
      'An operation can check credentials only once. Send such mutations one by one.',
    ],
    [
      measures.cost > costMax,
      'The operation is too expensive. Request smaller pages or fewer fields.',
    ],
  ];
  return checks.find(([isExceeded]) => isExceeded)?.[1] ?? null;
}
