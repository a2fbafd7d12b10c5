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

test('a collector that refuses or is away costs one line of log, and one when it is back', async () => {
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
  const said = app.lines.map((line) => JSON.parse(line));
  expect(said.map(({ msg }) => msg)).toEqual([warning, 'traces are exported again']);
  expect(said[0].level).toBe(40);
});

test('requests do not wait for a collector that never answers, and a stop not for long', async () => {
  const collector = await openCollector(() => new Promise<number>(() => undefined));
  const app = await startBareApp(collector.environment);
  const answers = await Promise.all(Array.from({ length: 50 }, () => app.ask(query)));
  expect(answers).toEqual(answers.map(() => anonymous));
  await waitUntil(async () => collector.requests.length > 0);
  // Ends although the collector never does.
  await app.close();
});

test('nobody at the address fails nothing', async () => {
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

test('what is not yet handed over is at the stop', async () => {
  const collector = await openCollector();
  const app = await startBareApp({ ...collector.environment, OTEL_BSP_SCHEDULE_DELAY: '300000' });
  await app.ask(query);
  expect(collector.requests).toEqual([]);
  await app.close();
  expect(collector.listSpans().map(({ name }) => name)).toContain('query viewer');
});

test('headers, encoding, address and what the server is called are as set', async () => {
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

test('a sampler that takes nothing exports nothing', async () => {
  const collector = await openCollector();
  const app = await startBareApp({ ...collector.environment, OTEL_TRACES_SAMPLER: 'always_off' });
  await Promise.all(Array.from({ length: 5 }, () => app.ask(query)));
  await app.close();
  expect(collector.requests).toEqual([]);
});

test.each([
  ['nothing of it without the settings', {}, false],
  ['nothing of it if disabled', { OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'otlp' }, false],
  ['it with them', { OTEL_TRACES_EXPORTER: 'otlp' }, true],
])('of OpenTelemetry’s SDK a server loads %s', async (_, environment, isLoaded) => {
  const database = await createTestDatabase();
  closers.push(database.drop);
  // The loader itself tells what is loaded, as a module or by require(). The interface alone, without any
  // SDK, comes with the metrics (prom-client).
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
