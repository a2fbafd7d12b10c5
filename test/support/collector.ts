import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { waitUntil } from './child.ts';

/** A span as a collector reads it. */
export type CollectedSpan = {
  traceId: string;
  spanId: string;
  parentSpanId: string | null;
  name: string;
  /** 2 for a server, 3 for a client. */
  kind: number;
  attributes: Record<string, string>;
  /** 0 for unset, 2 for an error. */
  status: { code: number; message?: string };
  links: { traceId: string; spanId: string }[];
};

/** A server in place of an OpenTelemetry collector that keeps all requests. */
export type Collector = {
  url: string;
  /** The settings for a server to send its traces here at once, as JSON. */
  environment: Record<string, string>;
  /** Whole requests, as received. */
  requests: { path: string; headers: IncomingMessage['headers']; body: Buffer }[];
  /** All spans so far; JSON only. */
  listSpans: () => CollectedSpan[];
  /** The operation with this request id, once it and its statements are received. */
  findOperation: (requestId: string) => Promise<CollectedSpan>;
  listChildren: (span: CollectedSpan) => CollectedSpan[];
  close: () => Promise<void>;
};

/** Starts a collector; `respond` returns the status and may delay or reject requests. */
export async function startCollector(
  respond: () => Promise<number> | number = () => 200,
): Promise<Collector> {
  const requests: Collector['requests'] = [];
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    requests.push({ path: req.url ?? '', headers: req.headers, body: Buffer.concat(chunks) });
    res.writeHead(await respond(), { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const listSpans = () => requests.flatMap(({ body }) => readSpans(body.toString()));
  return {
    url,
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '1',
    },
    requests,
    listSpans,
    async findOperation(requestId) {
      const find = () =>
        listSpans().find(({ attributes }) => attributes['tenantry.request.id'] === requestId);
      await waitUntil(async () => find() !== undefined);
      return find() as CollectedSpan;
    },
    listChildren: ({ spanId }) => listSpans().filter(({ parentSpanId }) => parentSpanId === spanId),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type WrittenSpan = Omit<CollectedSpan, 'attributes' | 'parentSpanId' | 'links'> & {
  parentSpanId?: string;
  attributes: { key: string; value: { stringValue?: string } }[];
  links?: CollectedSpan['links'];
};

function readSpans(text: string): CollectedSpan[] {
  const { resourceSpans } = JSON.parse(text) as {
    resourceSpans: { scopeSpans: { spans: WrittenSpan[] }[] }[];
  };
  return resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans)
    .map(({ attributes, parentSpanId, links, ...span }) => ({
      ...span,
      parentSpanId: parentSpanId || null,
      links: links ?? [],
      attributes: Object.fromEntries(
        attributes.map(({ key, value }) => [key, value.stringValue ?? JSON.stringify(value)]),
      ),
    }));
}
