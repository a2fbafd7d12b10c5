import { serverAudits } from 'graphql-http';
import { expect, test } from 'vitest';
import { startHttp } from './fixture.ts';

test.each([
  ['the fast path', true],
  ['Yoga alone', false],
])('%s passes all 61 GraphQL-over-HTTP audits', async (_, hasFastJson) => {
  await using server = await startHttp({ hasFastJson });
  const audits = serverAudits({ url: `${server.url}/graphql` });
  const failed: string[] = [];
  for (const audit of audits) {
    const result = await audit.fn();
    if (result.status !== 'ok') {
      failed.push(`${result.id} ${result.status} ${result.name}: ${result.reason}`);
    }
  }
  expect(failed).toEqual([]);
  expect(audits).toHaveLength(61);
});

test('with introspection off, only the audits that introspect fail', async () => {
  await using server = await startHttp({ server: { introspection: false } });
  const failed: string[] = [];
  for (const audit of serverAudits({ url: `${server.url}/graphql` })) {
    const result = await audit.fn();
    if (result.status !== 'ok') failed.push(result.id);
  }
  expect(failed.toSorted()).toEqual(['28B9', '2EA1', '6A70', 'D6D5']);
});
