import '../../support/in-run-folder.ts';
import { createServer } from 'node:net';
import { startChild } from '../../support/child.ts';
import { ensureServing } from '../../support/serving.ts';
import { type LoadResult, runLoad } from './load.ts';
import { startServerProcess } from './server-process.ts';
import { ask, describeMachine, getMedian, openStage, print } from './stage.ts';

// The overhead of traces: a server that exports every operation and statement to a collector, against one without
// traces. Two processes on one database, interleaved A B B A in one run. The check is of the throughput, which
// includes the cost of the collector on the same machine. The CPU time per request is printed as well, since other
// processes affect it less.

const repetitions = 15;
const load = { connections: 16, milliseconds: 1_000 };
const lossMax = 0.1;

const query = `{ viewer { user { id email name } memberships(first: 20) { edges { node {
  tenant { id name slug } roles { key permissions } } } } } }`;

const stage = await openStage();
const closers: (() => Promise<unknown>)[] = [];
try {
  const ownerUrl = await stage.createDatabase('tracing');
  const appUrl = await ensureServing(ownerUrl);
  const collector = await startSink();
  const traced = await startMeasured(appUrl, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const plain = await startMeasured(appUrl, {});
  const token = await signUp(plain.url);
  const run = (server: MeasuredServer) => measure(server, token);
  await run(traced);
  await run(plain);
  const ratios: number[] = [];
  const cpuRatios: number[] = [];
  for (let round = 1; round <= repetitions; round += 1) {
    const a1 = await run(traced);
    const b1 = await run(plain);
    const b2 = await run(plain);
    const a2 = await run(traced);
    const ratio = (a1.perSecond + a2.perSecond) / (b1.perSecond + b2.perSecond);
    ratios.push(ratio);
    const cpuRatio = (a1.cpuMs + a2.cpuMs) / (b1.cpuMs + b2.cpuMs);
    cpuRatios.push(cpuRatio);
    print(
      `round ${round}: traced ${Math.round(a1.perSecond)} and ${Math.round(a2.perSecond)}/s, ` +
        `plain ${Math.round(b1.perSecond)} and ${Math.round(b2.perSecond)}/s, ratio ${ratio.toFixed(3)}; ` +
        `${a1.cpuMs.toFixed(2)} against ${b1.cpuMs.toFixed(2)} ms CPU per request`,
    );
  }
  const median = getMedian(ratios);
  const isMet = median >= 1 - lossMax;
  print(
    `machine: ${describeMachine()}; the collector received ${await collector.countBytes()} bytes`,
  );
  print(
    'viewer with memberships, tenants and roles, throughput with vs without traces: ' +
      `${median.toFixed(3)} (at least ${1 - lossMax}): ${isMet ? 'met' : 'NOT MET'}`,
  );
  print(
    `CPU time of the server per request, with vs without traces: ${getMedian(cpuRatios).toFixed(3)}`,
  );
  process.exitCode = isMet ? 0 : 1;
} finally {
  for (const close of closers) await close();
  await stage.clear();
}

type MeasuredServer = { url: string; readCpuSeconds: () => Promise<number> };

async function startMeasured(
  appUrl: string,
  environment: Record<string, string>,
): Promise<MeasuredServer> {
  const port = await findFreePort();
  const settings = { ...environment, METRICS_PORT: String(port) };
  const { url, end } = await startServerProcess(appUrl, settings);
  closers.push(end);
  return {
    url,
    readCpuSeconds: async () => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return Number(/^process_cpu_seconds_total (.*)$/m.exec(text)?.[1]);
    },
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function measure(
  server: MeasuredServer,
  token: string,
): Promise<LoadResult & { cpuMs: number }> {
  const before = await server.readCpuSeconds();
  const result = await runLoad({
    ...load,
    url: server.url,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  if (result.failures > 0) throw new Error(`${result.failures} requests failed`);
  const seconds = (await server.readCpuSeconds()) - before;
  return { ...result, cpuMs: (seconds * 1_000) / result.responses };
}

async function signUp(url: string): Promise<string> {
  const data = await ask<{ signUp: { token: string } }>(
    url,
    `mutation { signUp(input: { email: "owner@example.com", password: "a harbour without any wind",
      tenantName: "Measured", tenantSlug: "measured" }) { ... on SignUpSuccess { token } } }`,
  );
  return data.signUp.token;
}

/** A collector in its own process that discards everything, and responds to GET with the number of bytes. */
async function startSink(): Promise<{ url: string; countBytes: () => Promise<number> }> {
  const child = startChild(`
    import { createServer } from 'node:http';
    let bytes = 0;
    const server = createServer((req, res) => {
      req.on('data', (chunk) => { bytes += chunk.length; });
      req.on('end', () => res.end(req.method === 'GET' ? String(bytes) : ''));
    });
    server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port));
  `);
  closers.push(child.kill);
  const url = await child.firstLine;
  return { url, countBytes: async () => Number(await (await fetch(url)).text()) };
}
