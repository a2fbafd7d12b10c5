import type { Plugin } from 'graphql-yoga';
import type { OriginList } from '../../browser/origins.ts';
import type { MaskErrors } from '../errors.ts';
import { useCancellation } from './cancellation.ts';
import { useDeadline } from './deadline.ts';
import { useDocumentLimits } from './document-limits.ts';
import { useHiddenSchema } from './hidden-schema.ts';
import { useMaskedErrors } from './masked-errors.ts';
import { useRequestParams } from './request-params.ts';
import { useSubscriptionStreams } from './subscription-streams.ts';
import { useTokenLimit } from './token-limit.ts';

const documentTokensMax = 1_000;

/** The plugins of every server. The order matters: the document limits must wrap useHiddenSchema. */
export function listPlugins(options: {
  introspection: boolean;
  maskErrors: MaskErrors;
  executionTimeoutMs: number;
  hasGetGuard: boolean;
  corsOrigins: OriginList;
}): Plugin[] {
  return [
    useRequestParams(options),
    useTokenLimit(documentTokensMax),
    ...(options.introspection ? [] : [useHiddenSchema()]),
    useDocumentLimits(),
    useCancellation(),
    useDeadline(options.executionTimeoutMs),
    useMaskedErrors(options.maskErrors),
    useSubscriptionStreams(),
  ] as Plugin[];
}
