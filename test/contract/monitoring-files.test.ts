import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startTestApp, type TestApp } from '../support/app.ts';

// What dashboard and alerts ask for must be told, and what alerts mean must be written down.

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ METRICS_PORT: '0' });
  await app.ask('{ viewer { user { id } } }');
});
afterAll(() => app.close());

const read = (file: string) => readFile(new URL(`../../docs/${file}`, import.meta.url), 'utf8');

type Rules = { groups: { rules: { alert: string; expr: string }[] }[] };
const readRules = async () =>
  (parse(await read('monitoring/alerts.yml')) as Rules).groups.flatMap(({ rules }) => rules);

async function listMetrics(): Promise<Set<string>> {
  const text = await (await fetch(app.app.metricsUrl ?? '')).text();
  const types = text.matchAll(/^# TYPE (\S+) (\S+)$/gm);
  return new Set(
    Array.from(types).flatMap(([, name = '', type]) =>
      type === 'histogram' ? ['_bucket', '_count', '_sum'].map((end) => name + end) : [name],
    ),
  );
}

const listNames = (expression: string) =>
  expression.match(/\b(tenantry|nodejs|process)_\w+/g) ?? [];

test.each([
  [
    'the dashboard',
    async () => listExpressions(JSON.parse(await read('monitoring/dashboard.json'))),
  ],
  ['the alerts', async () => (await readRules()).map(({ expr }) => expr)],
])('%s ask for nothing that is not told', async (_what, list) => {
  const expressions = await list();
  expect(expressions.length).toBeGreaterThan(5);
  const told = await listMetrics();
  const asked = expressions.flatMap(listNames);
  expect(asked.filter((name) => !told.has(name))).toEqual([]);
});

test('every alert has its section in the operations page, and none is without a rule', async () => {
  const alerts = (await readRules()).map(({ alert }) => alert);
  const sections = Array.from(
    (await read('operations.md')).matchAll(/^### (\w+)$/gm),
    ([, name]) => name,
  );
  expect(sections).toEqual(alerts.toSorted((a, b) => sections.indexOf(a) - sections.indexOf(b)));
});

function listExpressions({ panels }: { panels: { targets: { expr: string }[] }[] }): string[] {
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
}
