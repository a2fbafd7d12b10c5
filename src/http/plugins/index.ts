import type { Plugin } from 'graphql-yoga';
import type { AnswerErrors } from '../error-answers.ts';
import { useCancellation } from './cancellation.ts';
import { useErrorAnswers } from './error-answers.ts';
import { useHiddenSchema } from './hidden-schema.ts';
import { useRequestParams } from './request-params.ts';
import { useTokenLimit } from './token-limit.ts';

const documentTokensMax = 1_000;

/** The plugins of every server, in order. Limits on depth, aliases and cost belong here too. */
export function listPlugins(options: {
  introspection: boolean;
  answerErrors: AnswerErrors;
}): Plugin[] {
  return [
    useRequestParams(),
    useTokenLimit(documentTokensMax),
    ...(options.introspection ? [] : [useHiddenSchema()]),
    useCancellation(),
    useErrorAnswers(options.answerErrors),
  ] as Plugin[];
}
