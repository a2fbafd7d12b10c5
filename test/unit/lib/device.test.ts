import { expect, test } from 'vitest';
import { describeDevice } from '../../../src/lib/device.ts';

test.each([
  [
    'Firefox on Windows',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0',
  ],
  [
    'Safari on iOS',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
  ],
  [
    'Microsoft Edge on Linux',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0',
  ],
])('%s is read from its user agent', (device, userAgent) => {
  expect(describeDevice(userAgent)).toBe(device);
});

test.each(['curl/8.5.0', 'node', 'x', ' ', 'a'.repeat(512), '(((((;;;;;', '\u0000'])(
  'a user agent without a known browser and system is read as null: %j',
  (userAgent) => {
    expect(describeDevice(userAgent)).toBeNull();
  },
);

test('an empty user agent is read as null', () => {
  expect(describeDevice('')).toBeNull();
});
