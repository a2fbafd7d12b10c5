import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config.ts';
import { describeStatement } from '../../src/observability/statement-facts.ts';

const read = (env: Record<string, string>) => loadConfig(env).traces;

function readProblem(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join('\n');
    throw error;
  }
  return '';
}

test('tracing is off until it is configured', () => {
  expect(read({})).toBeNull();
  expect(read({ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' })).toBeNull();
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
  expect(read({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' })).toBeNull();
  expect(read({ ...endpoint, OTEL_SDK_DISABLED: 'true' })).toBeNull();
  expect(read(endpoint)).toEqual({
    url: 'http://collector:4318/v1/traces',
    protocol: 'http/protobuf',
    headers: {},
    timeoutMs: 10_000,
    delayMs: 5_000,
    serviceName: 'tenantry',
    resourceAttributes: {},
    sampler: 'parentbased_always_on',
    samplerShare: 1,
  });
});

test.each([
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'http://localhost:4318/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c.example/otlp/' }, 'https://c.example/otlp/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c.example/own' }, 'http://c.example/own'],
])('%j sends traces to %s', (env, url) => {
  expect(read(env)?.url).toBe(url);
});

test('lists are read in the format of OpenTelemetry', () => {
  const env = {
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_HEADERS: ' a=1, b = two%20words ,c=x=y,',
    OTEL_TRACES_SAMPLER_ARG: '.25',
  };
  expect(read(env)?.headers).toEqual({ a: '1', b: 'two words', c: 'x=y' });
  expect(read(env)?.samplerShare).toBe(0.25);
});

test.each([
  ['OTEL_TRACES_EXPORTER', 'zipkin'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
  ['OTEL_TRACES_SAMPLER', 'jaeger_remote'],
  ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
  ['OTEL_TRACES_SAMPLER_ARG', 'half'],
  ['OTEL_RESOURCE_ATTRIBUTES', 'nothing'],
  ['OTEL_RESOURCE_ATTRIBUTES', 'a=%zz'],
])('%s=%s is rejected', (name, value) => {
  expect(readProblem({ [name]: value })).toMatch(new RegExp(`^${name} must be `));
});

test.each(['hunter2', 'x=hunter2%', 'x=hunter2%ff'])(
  'the collector headers %j are rejected without being printed',
  (headers) => {
    const problem = readProblem({ OTEL_EXPORTER_OTLP_HEADERS: headers });
    expect(problem).toContain('OTEL_EXPORTER_OTLP_HEADERS must be');
    expect(problem).not.toContain('hunter2');
  },
);

test.each([
  ['select a,\n  b from find_access($1::uuid, (select 1 from x))', 'select find_access'],
  ['select touch_sessions($1::uuid[])::text', 'select touch_sessions'],
  ['select m.id, (select 1 from roles r) from user_tenants m', 'select user_tenants'],
  ['INSERT INTO "public"."users" ("id") VALUES ($1)', 'insert users'],
  ['update users set name = $1', 'update users'],
  ['with x as (select 1 from a) select * from x', 'with x'],
  [
    'select f.a from (select 1 from unnest($1::int[])) q cross join lateral find_access(q.a) f',
    'select find_access',
  ],
  ['BEGIN', 'begin'],
  ['', 'statement'],
])('the statement %j is named %s', (sql, name) => {
  expect(describeStatement(sql).name).toBe(name);
});

test('OpenTelemetry is imported by src/observability alone', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('db/generated'),
  );
  const importing = files.filter((file) =>
    readFileSync(`src/${file}`, 'utf8').includes("'@opentelemetry/"),
  );
  expect(importing.length).toBeGreaterThan(2);
  expect(importing.filter((file) => !file.startsWith('observability'))).toEqual([]);
});
