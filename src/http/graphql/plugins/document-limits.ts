import type { DocumentNode, ExecutionArgs, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { checkDocument, findOperationViolation } from '../limits/find-violation.ts';

/**
 * Rejects documents beyond the limits before execution. A document is checked once, before validation (whose cost
 * grows with the same measures), and the result is cached with it. An operation is measured for each request only
 * if a size in its variables decides.
 */
export function useDocumentLimits(): Plugin {
  const dependent = new WeakSet<DocumentNode>();
  const findError = (args: ExecutionArgs): GraphQLError | null => {
    if (!dependent.has(args.document)) return null;
    return findOperationViolation(args.schema, {
      document: args.document,
      operationName: args.operationName,
      variables: args.variableValues ?? {},
    });
  };
  return {
    onValidate({ validateFn, setValidationFn }) {
      setValidationFn((schema, document, ...rest) => {
        const check = checkDocument(schema, document);
        if (check.kind === 'rejected') return [check.error];
        if (check.kind === 'depends') dependent.add(document);
        return validateFn(schema, document, ...rest);
      });
    },
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args) => {
        const error = findError(args);
        return error === null ? executeFn(args) : { errors: [error] };
      });
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const error = findError(args);
      if (error !== null) setResultAndStopExecution({ errors: [error] });
    },
  };
}
