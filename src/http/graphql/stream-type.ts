/** The media types of subscription responses. */
export type StreamType = 'text/event-stream' | 'multipart/mixed';

/**
 * The first stream type in the accept header: server-sent events, or the multipart protocol of Apollo Client, which
 * has a `subscriptionSpec`. Null without one: a wildcard does not mean that the client can read a stream, and a
 * response without an end would look like a hung request.
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
