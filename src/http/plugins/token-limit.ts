import { parse } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** Refuses documents of more than `tokensMax` tokens while reading them, so cost is bounded. */
export function useTokenLimit(tokensMax: number): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn((source, options) => parse(source, { ...options, maxTokens: tokensMax }));
    },
  };
}
