/** Media types for a single result. */
export type MediaType = 'application/json' | 'application/graphql-response+json';

/**
 * Negotiates the media type of a response by Yoga's own rule: the first acceptable range in the client's order
 * decides, regardless of weights; JSON if both match; UTF-8 only. Undefined if none matches: Yoga then responds
 * with another type, or 406.
 */
export function findMediaType(accept: string | undefined): MediaType | undefined {
  if (accept === undefined || accept === '') return 'application/json';
  for (const range of accept.replace(/\s/g, '').toLowerCase().split(',')) {
    const [mediaType = '', ...params] = range.split(';');
    const charset = params.find((param) => param.includes('charset='));
    if (charset !== undefined && charset !== 'charset=utf-8') continue;
    const [type, subtype] = mediaType.split('/');
    if (type !== '*' && type !== 'application') continue;
    if (subtype === '*' || subtype === 'json') return 'application/json';
    if (subtype === 'graphql-response+json') return 'application/graphql-response+json';
  }
  return undefined;
}
