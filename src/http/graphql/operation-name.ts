import { type ExecutionArgs, getOperationAST, Kind } from 'graphql';

/** An operation's type, the name that the client gave it, and a label of low cardinality. */
export type OperationName = { type: string; name: string | null; label: string };

/** Clients choose names of any length. */
const nameLengthMax = 100;

/**
 * Describes the operation of a validated document. Its label is the type and root field ("query viewer"), or "query
 * several" for several: a bounded set, while clients may invent any number of names.
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
