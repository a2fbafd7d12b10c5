/** Media types for a single result. */
export type MediaType = 'application/json' | 'application/graphql-response+json';

/**
 * The media type of an answer by Yoga's own rule: of what the client accepts, in its order and
 * whatever the weights say, the first that fits; JSON where both fit; nothing but UTF-8. Undefined
 * means that none fits, and Yoga then has other ways to answer (or 406).
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
