import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { getRequestInfo, type ProxyTrust } from '../../src/http/request-info.ts';

/** What is taken for the place of a request with this header, as node:http reads it. */
function placeOf(header: string | undefined, trust: Partial<ProxyTrust> = {}) {
  const headers = header === undefined ? {} : { 'x-city': Buffer.from(header).toString('latin1') };
  const req = { headers, socket: { remoteAddress: '192.0.2.1' } } as unknown as IncomingMessage;
  return getRequestInfo(req, { trustedProxyHops: 1, clientPlaceHeader: 'x-city', ...trust }).place;
}

test.each([
  ['DE', 'DE'],
  ['  Berlin ', 'Berlin'],
  ['São Paulo', 'São Paulo'],
  ['x'.repeat(100), 'x'.repeat(100)],
])('%j is kept as %j', (header, place) => {
  expect(placeOf(header)).toBe(place);
});

test.each([
  ['absent', undefined],
  ['empty', ''],
  ['blank', '   '],
  ['over-long', 'x'.repeat(101)],
  ['of several lines', 'a\tb'],
  ['turned around', 'DE\u202eED'],
])('a place that is %s is none', (_name, header) => {
  expect(placeOf(header)).toBeNull();
});

test('without a proxy of ours, or a header that it writes, there is none', () => {
  expect(placeOf('DE', { trustedProxyHops: 0 })).toBeNull();
  expect(placeOf('DE', { clientPlaceHeader: undefined })).toBeNull();
});
