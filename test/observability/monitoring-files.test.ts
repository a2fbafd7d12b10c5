import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parser } from '@prometheus-io/lezer-promql';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { describeApp } from '../support/describe-app.ts';
import {
  dashboardFile,
  dashboardsFile,
  datasourcesFile,
  prometheusFile,
  rulesFile,
} from '../support/prometheus-files.ts';
import { findTool } from '../support/tools.ts';

// The files in docs/monitoring load in Prometheus and Grafana, use only existing metrics, and every alert is
// documented.

const folder = fileURLToPath(new URL('../../docs/monitoring/', import.meta.url));
const runFile = promisify(execFile);

const app = describeApp({ METRICS_PORT: '0', CREDENTIAL_CACHE_MS: '1000' });
let metrics: string;
beforeAll(async () => {
  await app.ask('{ viewer { user { id } } }');
  metrics = await (await fetch(app.app.metricsUrl ?? '')).text();
});

const read = (file: string) => readFile(path.join(folder, file), 'utf8');
const readYaml = async (file: string): Promise<unknown> => parse(await read(file));
const readRules = async () =>
  rulesFile.parse(await readYaml('alerts.yml')).groups.flatMap(({ rules }) => rules);
const readDashboard = async () => dashboardFile.parse(JSON.parse(await read('dashboard.json')));

/** Returns the expressions of all targets, with a duration for Grafana's variable. */
const listDashboardExpressions = async () =>
  (await readDashboard()).panels.flatMap(({ targets }) =>
    targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '1m')),
  );
const listAlertExpressions = async () => (await readRules()).map(({ expr }) => expr);

describe('the format', () => {
  test.each([
    ['alerts.yml', rulesFile],
    ['prometheus.yml', prometheusFile],
    ['grafana-datasources.yml', datasourcesFile],
    ['grafana-dashboards.yml', dashboardsFile],
    ['dashboard.json', dashboardFile],
  ])('of %s has only keys and values that its program accepts', async (file, format) => {
    expect(format.safeParse(await readYaml(file)).error).toBeUndefined();
  });

  test.each([
    ['a comma without quotes', '{ summary: Many arrive, and some are rejected. }'],
    ['a colon without quotes', '{ summary: { Many: arrive } }'],
    ['a number', '{ summary: 12 }'],
    ['no text', '{ summary: }'],
    ['a name with a dash', '{ the-summary: "Many arrive" }'],
  ])('of rules does not allow an annotation with %s', (_what, annotations) => {
    const rule = `{ alert: A, expr: up, annotations: ${annotations} }`;
    const text = `groups: [{ name: g, rules: [${rule}] }]`;
    expect(rulesFile.safeParse(parse(text)).success).toBe(false);
  });

  test.each(['', '5', 'm', '1m1h', '5 m', '1.5h', '-1m'])(
    'of rules does not allow "%s" as a duration',
    (text) => {
      const rule = { alert: 'A', expr: 'up', for: text };
      expect(rulesFile.safeParse({ groups: [{ name: 'g', rules: [rule] }] }).success).toBe(false);
    },
  );
});

describe('names', () => {
  test.each([
    ['the dashboard', listDashboardExpressions],
    ['the alerts', listAlertExpressions],
  ])('of metrics in %s all exist in /metrics', async (_what, list) => {
    const expressions = await list();
    expect(expressions.length).toBeGreaterThan(5);
    const known = listMetrics();
    const used = expressions.flatMap(
      (expression) => expression.match(/\b(tenantry|nodejs|process)_\w+/g) ?? [],
    );
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });

  test('of label values in alerts exist from the start, so that the first event is an increase', async () => {
    const selectors = (await listAlertExpressions()).flatMap(
      (expression) => expression.match(/\btenantry_\w+\{[^}]+\}/g) ?? [],
    );
    expect(selectors.length).toBeGreaterThan(2);
    expect(selectors.filter((selector) => !metrics.includes(`\n${selector} `))).toEqual([]);
  });

  test('of alerts are sections of the operations page', async () => {
    const alerts = (await readRules()).map(({ alert }) => alert);
    const sections = Array.from(
      (await read('../operations.md')).matchAll(/^### (\w+)$/gm),
      ([, name]) => name,
    );
    expect(sections).toEqual(alerts);
  });

  test('match between the files', async () => {
    const { rule_files: ruleFiles, scrape_configs: jobs } = prometheusFile.parse(
      await readYaml('prometheus.yml'),
    );
    const { services } = parse(await read('../../docker-compose.yml'));
    expect(ruleFiles).toEqual(['alerts.yml']);
    expect((await listAlertExpressions())[0]).toBe(`up{job="${jobs[0]?.job_name}"} == 0`);
    expect(jobs[0]?.static_configs[0]?.targets).toEqual([
      `api:${services.api.environment.METRICS_PORT}`,
    ]);
    const { datasources } = datasourcesFile.parse(await readYaml('grafana-datasources.yml'));
    expect(Object.keys(services)).toContain(new URL(datasources[0]?.url ?? '').hostname);
    const { providers } = dashboardsFile.parse(await readYaml('grafana-dashboards.yml'));
    expect(services.grafana.volumes.join()).toContain(`:${providers[0]?.options.path}/`);
  });
});

describe('expressions', () => {
  test.each([
    ['the dashboard', listDashboardExpressions],
    ['the alerts', listAlertExpressions],
  ])('of %s are valid PromQL', async (_what, list) => {
    expect((await list()).filter((expression) => !isPromQl(expression))).toEqual([]);
  });

  test.each(['', 'up ==', 'sum(rate(a[5m])', 'rate(a[5x])', 'a b', 'increase(a[])', 'a{b=c}'])(
    'such as "%s" are not valid PromQL',
    (expression) => expect(isPromQl(expression)).toBe(false),
  );
});

test('panels of the dashboard have unique ids and positions, and use the selected data source', async () => {
  const { panels, templating } = await readDashboard();
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  const variables = templating.list.map(({ name }) => `\${${name}}`);
  for (const { title, datasource, targets } of panels) {
    expect(variables, title).toContain(datasource.uid);
    const refIds = targets.map(({ refId }) => refId);
    expect(new Set(refIds).size, title).toBe(refIds.length);
  }
});

const promtool = findTool('promtool');
describe.skipIf(promtool === null)('promtool', () => {
  const check = async (...args: string[]) => {
    const { stdout, stderr } = await runFile(promtool ?? '', ['check', ...args], { cwd: folder });
    return stdout + stderr;
  };

  test('accepts the configuration and every rule', async () => {
    expect(await check('config', 'prometheus.yml')).toContain('SUCCESS: 1 rule files found');
    const count = (await readRules()).length;
    expect(await check('rules', 'alerts.yml')).toContain(`SUCCESS: ${count} rules found`);
  });

  test('accepts every expression of the dashboard', async () => {
    const rules = (await listDashboardExpressions()).map((expr, at) => ({
      record: `panel:${at}`,
      expr,
    }));
    const work = await mkdtemp(path.join(tmpdir(), 'tenantry-rules-'));
    try {
      const file = path.join(work, 'dashboard.yml');
      await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
      expect(await check('rules', file)).toContain(`SUCCESS: ${rules.length} rules found`);
    } finally {
      await rm(work, { recursive: true });
    }
  });
});

function isPromQl(expression: string): boolean {
  let isValid = expression !== '';
  parser.parse(expression).iterate({
    enter: ({ type }) => {
      isValid &&= !type.isError;
    },
  });
  return isValid;
}

function listMetrics(): Set<string> {
  const types = metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm);
  return new Set(
    Array.from(types).flatMap(([, name = '', type]) =>
      type === 'histogram' ? ['_bucket', '_count', '_sum'].map((end) => name + end) : [name],
    ),
  );
}
