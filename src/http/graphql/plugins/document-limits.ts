import type { DocumentNode, ExecutionArgs, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { checkDocument, findOperationViolation } from '../limits/find-violation.ts';

/**
 * Refuses documents that ask for too much before anything of them is executed. A document is judged
 * once, before validation (whose own work grows with what is judged here), and the verdict is kept
 * with it in the cache of validated documents. Only where a size in the variables decides is an
 * operation measured for each request.
 */
export function useDocumentLimits(): Plugin {
  const dependent = new WeakSet<DocumentNode>();
  const find = (args: ExecutionArgs): GraphQLError | null => {
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
        const verdict = checkDocument(schema, document);
        if (verdict.kind === 'refused') return [verdict.error];
        if (verdict.kind === 'depends') dependent.add(document);
        return validateFn(schema, document, ...rest);
      });
    },
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args) => {
        const error = find(args);
        return error === null ? executeFn(args) : { errors: [error] };
      });
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const error = find(args);
      if (error !== null) setResultAndStopExecution({ errors: [error] });
    },
  };
}
