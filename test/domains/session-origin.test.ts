import { expect, test } from 'vitest';
import { startTestApp } from '../support/app.ts';
import { send, toOpenSession } from '../support/credentials.ts';
import { createPerson } from '../support/people.ts';

const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0';

/** What the newest session says about where it was opened from. */
async function openFrom(environment: Record<string, string>, headers: Record<string, string>) {
  const app = await startTestApp(environment);
  try {
    const { email, password } = await createPerson(app);
    const from: typeof app.ask = (query, options) => app.ask(query, { ...options, headers });
    const { value } = await send(from, 'signIn', { email, password });
    const { ask } = toOpenSession(app, value.token);
    const { data } = await ask('{ viewer { session { device place } } }');
    return data.viewer.session;
  } finally {
    await app.close();
  }
}

const proxied = { TRUSTED_PROXY_HOPS: '1', CLIENT_PLACE_HEADER: 'cf-ipcountry' };

test('a session tells people on what device and where it was opened', async () => {
  const headers = { 'user-agent': firefox, 'cf-ipcountry': 'DE' };
  expect(await openFrom(proxied, headers)).toEqual({ device: 'Firefox on Windows', place: 'DE' });
});

test('nobody but a proxy of ours says where callers are', async () => {
  const headers = { 'user-agent': 'curl/8.5.0', 'cf-ipcountry': 'DE' };
  expect(await openFrom({}, headers)).toEqual({ device: null, place: null });
  const elsewhere = { ...proxied, CLIENT_PLACE_HEADER: 'x-client-city' };
  expect(await openFrom(elsewhere, headers)).toEqual({ device: null, place: null });
});
