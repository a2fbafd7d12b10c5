import { type ExecutionArgs, getOperationAST, Kind } from 'graphql';

/** An operation in words: its type, what the caller calls it, and one of few labels. */
export type OperationName = { type: string; name: string | null; label: string };

/** Names are the caller's to choose, and as long as it likes. */
const nameLengthMax = 100;

/**
 * The operation of a document that was validated. Its label is made of type and root field, such as "query
 * viewer" or of several "query several": there are only so many, while a caller may make up any number of
 * names.
 */
export function describeOperation({ document, operationName }: ExecutionArgs): OperationName {
  const operation = getOperationAST(document, operationName);
  if (!operation) return { type: 'unknown', name: null, label: 'unknown' };
  const [first, ...others] = operation.selectionSet.selections;
  const isOne = first?.kind === Kind.FIELD && others.length === 0;
  return {
    type: operation.operation,
    name: operation.name?.value.slice(0, nameLengthMax) ?? null,
    label: `${operation.operation} ${isOne ? first.name.value : 'several'}`,
  };
}
