import { afterEach, expect, test } from 'vitest';
import { startBareApp } from '../support/bare-app.ts';
import { startChild, waitUntil } from '../support/child.ts';
import { createTestDatabase } from '../support/cluster.ts';
import { type Collector, startCollector } from '../support/collector.ts';

const query = '{ viewer { user { id } } }';
const anonymous = { data: { viewer: null } };
const warning = 'traces could not be exported and are lost';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function openCollector(...args: Parameters<typeof startCollector>): Promise<Collector> {
  const collector = await startCollector(...args);
  closers.push(collector.close);
  return collector;
}

async function openApp(environment: Record<string, string>) {
  const app = await startBareApp(environment);
  closers.push(app.close);
  return app;
}

test('a failing collector is one log line, and its recovery is another', async () => {
  let status = 400;
  const collector = await openCollector(() => status);
  const app = await openApp({ ...collector.environment, LOG_LEVEL: 'info' });
  for (const count of [1, 2, 3]) {
    expect(await app.ask(query)).toEqual(anonymous);
    await waitUntil(async () => collector.requests.length >= count);
  }
  await waitUntil(async () => app.lines.length > 0);
  status = 200;
  await app.ask(query);
  await waitUntil(async () => app.lines.length > 1);
  const logged = app.lines.map((line) => JSON.parse(line));
  expect(logged.map(({ msg }) => msg)).toEqual([warning, 'traces are exported again']);
  expect(logged[0].level).toBe(40);
});

test('requests do not wait for a collector that never responds, and a shutdown does not wait long', async () => {
  const collector = await openCollector(() => new Promise<number>(() => undefined));
  const app = await startBareApp(collector.environment);
  const responses = await Promise.all(Array.from({ length: 50 }, () => app.ask(query)));
  expect(responses).toEqual(responses.map(() => anonymous));
  await waitUntil(async () => collector.requests.length > 0);
  // Ends even though the collector never responds.
  await app.close();
});

test('an unreachable collector causes no errors for callers', async () => {
  const app = await openApp({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_EXPORTER_OTLP_TIMEOUT: '50',
    OTEL_BSP_SCHEDULE_DELAY: '1',
    LOG_LEVEL: 'info',
  });
  expect(await app.ask(query)).toEqual(anonymous);
  await waitUntil(async () => app.lines.length > 0);
  expect(await app.ask(query)).toEqual(anonymous);
  expect(app.lines.map((line) => JSON.parse(line).msg)).toEqual([warning]);
});

test('spans that are still buffered are exported at shutdown', async () => {
  const collector = await openCollector();
  const app = await startBareApp({ ...collector.environment, OTEL_BSP_SCHEDULE_DELAY: '300000' });
  await app.ask(query);
  expect(collector.requests).toEqual([]);
  await app.close();
  expect(collector.listSpans().map(({ name }) => name)).toContain('query viewer');
});

test('headers, encoding, address and service name follow the settings', async () => {
  const collector = await openCollector();
  const app = await startBareApp({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/a/path/of/its/own`,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-team=with%20space,authorization=Bearer of-the-collector',
    OTEL_SERVICE_NAME: 'accounts',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=staging',
  });
  await app.ask(query);
  await app.close();
  const [request] = collector.requests;
  expect(request?.path).toBe('/a/path/of/its/own');
  expect(request?.headers).toMatchObject({
    'content-type': 'application/x-protobuf',
    'x-team': 'with space',
    authorization: 'Bearer of-the-collector',
  });
  for (const text of ['accounts', 'staging', 'query viewer']) {
    expect(request?.body.toString('latin1')).toContain(text);
  }
  expect(app.lines.join()).not.toContain('of-the-collector');
});

test('no span is exported if the sampler takes none', async () => {
  const collector = await openCollector();
  const app = await startBareApp({ ...collector.environment, OTEL_TRACES_SAMPLER: 'always_off' });
  await Promise.all(Array.from({ length: 5 }, () => app.ask(query)));
  await app.close();
  expect(collector.requests).toEqual([]);
});

test.each([
  ['nothing without the settings', {}, false],
  ['nothing if it is disabled', { OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'otlp' }, false],
  ['the modules with the settings', { OTEL_TRACES_EXPORTER: 'otlp' }, true],
])('a server loads of the OpenTelemetry SDK %s', async (_, environment, isLoaded) => {
  const database = await createTestDatabase();
  closers.push(database.drop);
  // The loader hook sees everything that is loaded, by import or require(). The API package without the SDK comes
  // with prom-client.
  const child = startChild(`
    import { registerHooks } from 'node:module';
    let count = 0;
    registerHooks({
      load(url, context, next) {
        if (/@opentelemetry[/](?!api[/])/.test(url)) count += 1;
        return next(url, context);
      },
    });
    const { createApp } = await import('#root/src/app.ts');
    const { loadConfig } = await import('#root/src/config.ts');
    const { createLogger } = await import('#root/src/observability/logger.ts');
    const config = loadConfig({
      NODE_ENV: 'test', PORT: '0', LOG_LEVEL: 'silent', ...${JSON.stringify(environment)},
    });
    const app = await createApp(config, {
      appUrl: ${JSON.stringify(database.appUrl)},
      secret: 'a secret that only the tests know',
      log: createLogger(config.log),
    });
    const { url } = await app.http.listen();
    await fetch(url + '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: ${JSON.stringify(query)} }),
    });
    await app.close();
    console.log(count);
    setInterval(() => undefined, 1_000);
  `);
  closers.push(child.kill);
  expect(Number(await child.firstLine) > 0).toBe(isLoaded);
});
