import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GraphQLSchema } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Config } from '../config.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Tracing } from '../observability/tracing.ts';
import { rejectBrokenRequest } from './broken-requests.ts';
import { createRejectedOriginLog } from './browser/origin-hints.ts';
import { createOriginList, type OriginList } from './browser/origins.ts';
import type { ExampleTab } from './dev/example-queries.ts';
import type { FindDevPage } from './dev/pages.ts';
import { createDrain } from './drain.ts';
import { type CreateContext, createEngine, type Engine } from './graphql/engine.ts';
import { createErrorMasking, type MaskErrors } from './graphql/errors.ts';
import { createFastJson } from './graphql/fast-json.ts';
import { createKnownOperations } from './graphql/known-operations.ts';
import { isObserved, observeOperations } from './graphql/observed-operations.ts';
import { useMetrics } from './graphql/plugins/metrics.ts';
import { useOperationTelemetry } from './graphql/plugins/operation-telemetry.ts';
import { handleThroughYoga } from './graphql/through-yoga.ts';
import { createListener } from './listener.ts';
import { createLoadShedder, type LoadShedder } from './load-shedding/load-shedder.ts';
import { shedLoad } from './load-shedding/shed-load.ts';
import { explainListenError } from './port-taken-error.ts';
import { createResponseWriter } from './response.ts';

export type HttpServerOptions = {
  schema: GraphQLSchema;
  createContext: CreateContext;
  server: Config['server'];
  log: Logger;
  /** The tabs that GraphiQL opens with; by default its own. */
  examples?: readonly ExampleTab[];
  /** Development pages; none by default. */
  findDevPage?: FindDevPage;
  /** Whether the dependencies of the server are ready; never throws. By default always. */
  isReady?: () => Promise<boolean>;
  /** The number of operations suspended behind another limit, which hold no slot; 0 by default. */
  countSuspended?: () => number;
  /** Counts operations and errors; null without metrics. */
  metrics?: Pick<Metrics, 'observeOperation' | 'countError'> | null;
  /** Traces operations; null without tracing. */
  tracing?: Tracing | null;
  plugins?: Plugin[];
  /** Tests switch it off to compare both paths. */
  hasFastJson?: boolean;
};

export type HttpServer = {
  /** Starts to accept connections; `url` is the origin, without a path. @throws PortTakenError */
  listen(): Promise<{ url: string; port: number }>;
  /**
   * Makes /readyz return 503 and resolves after shutdownDelayMs. The server keeps serving meanwhile, so that
   * load balancers stop sending requests before the port closes.
   */
  announceShutdown(): Promise<void>;
  /** Stops accepting, waits up to shutdownGraceMs for requests in flight, then cuts them. */
  close(): Promise<void>;
  /** The operations in flight and waiting, and the number of those shed. */
  loadShedder: Pick<LoadShedder, 'stats' | 'noteSuspended'>;
  yoga: Engine;
  node: Server;
};

const headersMaxBytes = 16_384;

/**
 * Longer than proxies keep an idle connection (60 s in nginx and the large clouds' balancers), so that no
 * request is sent on a connection that the server is closing.
 */
const keepAliveMs = 75_000;

/** Composes the HTTP server: /graphql (both paths), /healthz, /readyz and the development pages. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { server, log } = options;
  let isStopping = false;
  const corsOrigins = createOriginList(server.corsOrigins);
  const { yoga, handleGraphQL } = createGraphQLHandler(options, corsOrigins);
  const loadShedder = createLoadShedder({
    ...server,
    countSuspended: options.countSuspended ?? (() => 0),
    onShed: (count) => options.metrics?.countError('UNAVAILABLE', count),
    onOverload: (state) => logOverload(log, state),
  });
  const listener = createListener({
    exchange: server,
    corsOrigins,
    logRejectedOrigin: server.logsRejectedOrigins
      ? createRejectedOriginLog(server.corsOrigins, log)
      : null,
    hasGraphiQL: server.graphiql,
    findDevPage: options.findDevPage ?? (async () => null),
    isReady: async () => !isStopping && ((await options.isReady?.()) ?? true),
    mustShed: loadShedder.mustShed,
    handleGraphQL: shedLoad(loadShedder, handleGraphQL),
    write: createResponseWriter({
      cors: { corsOrigins, sessionCookies: server.sessionCookies },
      trustedProxyHops: server.trustedProxyHops,
      isClosing: () => isStopping,
    }),
    log,
  });
  const node = createServer(getNodeOptions(server.requestTimeoutMs), listener);
  const drain = createDrain(node);
  node.on('clientError', rejectBrokenRequest);
  return {
    listen: () => listen(node, server),
    async announceShutdown() {
      isStopping = true;
      if (node.listening) await sleep(server.shutdownDelayMs);
    },
    async close() {
      isStopping = true;
      await drain(server.shutdownGraceMs);
      await yoga.dispose();
    },
    loadShedder,
    yoga,
    node,
  };
}

/** The engine with metrics and traces around it, and the fast path beside Yoga's own. */
function createGraphQLHandler(options: HttpServerOptions, corsOrigins: OriginList) {
  const { server, schema, log } = options;
  const metrics = options.metrics ?? null;
  const observers = { log, tracing: options.tracing ?? null };
  const maskErrors = countErrors(
    createErrorMasking({ log, hasSuggestions: server.introspection }),
    metrics,
  );
  const knownOperations = createKnownOperations();
  const yoga = createEngine({
    ...options,
    maskErrors,
    graphiql: server.graphiql,
    introspection: server.introspection,
    executionTimeoutMs: server.requestTimeoutMs,
    hasGetGuard: server.hasGetGuard,
    corsOrigins,
    sessionCookies: server.sessionCookies,
    examples: options.examples ?? [],
    plugins: [
      ...(isObserved(observers) ? [useOperationTelemetry()] : []),
      ...(metrics ? [useMetrics(metrics)] : []),
      ...(options.plugins ?? []),
      knownOperations.plugin,
    ],
  });
  const { createContext } = options;
  const handleFastJson = createFastJson({
    engine: yoga,
    knownOperations,
    createContext,
    schema,
    maskErrors,
  });
  const hasFastJson = options.hasFastJson ?? true;
  const handleGraphQL = observeOperations(async (exchange) => {
    const fast = hasFastJson ? await handleFastJson(exchange) : null;
    return fast ?? handleThroughYoga(yoga, exchange);
  }, observers);
  return { yoga, handleGraphQL };
}

/** One line when overload begins and one when it ends: a line per error would add to the load. */
function logOverload(log: Logger, { isOver, shed }: { isOver: boolean; shed: number }): void {
  if (isOver) log.warn({ shed }, 'overload is over');
  else log.warn('overloaded: shedding requests');
}

/** Counts the errors that callers see, on both paths. */
function countErrors(mask: MaskErrors, metrics: HttpServerOptions['metrics']): MaskErrors {
  if (!metrics) return mask;
  return (result, request) => {
    const masked = mask(result, request);
    for (const { extensions } of masked.errors ?? []) {
      metrics.countError(String(extensions.code ?? 'INTERNAL'));
    }
    return masked;
  };
}

/** node:http responds with 408 to a client that takes longer than this to send a request. */
function getNodeOptions(requestTimeoutMs: number) {
  return {
    maxHeaderSize: headersMaxBytes,
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, Math.ceil(requestTimeoutMs / 4)),
    keepAliveTimeout: keepAliveMs,
  };
}

function listen(node: Server, { host, port }: { host: string; port: number }) {
  return new Promise<{ url: string; port: number }>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      reject(explainListenError(error, { host, port }));
    };
    node.once('error', fail);
    node.listen({ host, port }, () => {
      node.off('error', fail);
      // A listening TCP server has an address of this type.
      const address = node.address() as AddressInfo;
      resolve({ url: formatOrigin(host, address.port), port: address.port });
    });
  });
}

/** The origin for callers on this machine, even if the server listens on every address. */
function formatOrigin(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
