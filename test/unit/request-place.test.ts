import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { getRequestInfo, type ProxyTrust } from '../../src/http/request-info.ts';

/** The place of a request with this header, as node:http reads it. */
function readPlace(header: string | undefined, trust: Partial<ProxyTrust> = {}) {
  const headers = header === undefined ? {} : { 'x-city': Buffer.from(header).toString('latin1') };
  const req = { headers, socket: { remoteAddress: '192.0.2.1' } } as unknown as IncomingMessage;
  return getRequestInfo(req, { trustedProxyHops: 1, clientPlaceHeader: 'x-city', ...trust }).place;
}

test.each([
  ['DE', 'DE'],
  ['  Berlin ', 'Berlin'],
  ['São Paulo', 'São Paulo'],
  ['x'.repeat(100), 'x'.repeat(100)],
])('the header %j is read as the place %j', (header, place) => {
  expect(readPlace(header)).toBe(place);
});

test.each([
  ['absent', undefined],
  ['empty', ''],
  ['blank', '   '],
  ['over-long', 'x'.repeat(101)],
  ['of several lines', 'a\tb'],
  ['reversed by a direction override', 'DE\u202eED'],
])('a place that is %s is read as null', (_name, header) => {
  expect(readPlace(header)).toBeNull();
});

test('without a trusted proxy or a configured header the place is null', () => {
  expect(readPlace('DE', { trustedProxyHops: 0 })).toBeNull();
  expect(readPlace('DE', { clientPlaceHeader: undefined })).toBeNull();
});
