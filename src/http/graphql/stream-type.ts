/** The forms in which a subscription can be answered. */
export type StreamType = 'text/event-stream' | 'multipart/mixed';

/**
 * The first form of stream that a client names in its accept header: server-sent events, or the multipart protocol
 * of Apollo Client, which names its `subscriptionSpec`. Null for a client that named none: a wildcard does not mean
 * that it can read a stream, and an answer that never ends would look like silence to it.
 */
export function findStreamType(accept: string | undefined): StreamType | null {
  for (const range of accept?.replace(/\s/g, '').toLowerCase().split(',') ?? []) {
    const [mediaType, ...params] = range.split(';');
    if (params.some((param) => /^q=0(\.0*)?$/.test(param))) continue;
    if (mediaType === 'text/event-stream') return mediaType;
    const isApollo = params.some((param) => param.startsWith('subscriptionspec='));
    if (mediaType === 'multipart/mixed' && isApollo) return mediaType;
  }
  return null;
}
