import { GraphQLError, parse } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { createTooComplex } from '../limits/find-violation.ts';

/** The start of graphql-js' message, which reveals the limit. */
const tooManyTokens = 'Syntax Error: Document contains more';

/** Rejects documents of more than `tokensMax` tokens while parsing them, so cost is bounded. */
export function useTokenLimit(tokensMax: number): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn((source, options) => {
        try {
          return parse(source, { ...options, maxTokens: tokensMax });
        } catch (error) {
          const isTooLong =
            error instanceof GraphQLError && error.message.startsWith(tooManyTokens);
          throw isTooLong ? createTooComplex('The document is too long.') : error;
        }
      });
    },
  };
}
