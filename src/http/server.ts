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
import { createFastJson, isFastJson } from './graphql/fast-json.ts';
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
  /** The tabs that GraphiQL opens with; its own where they are not given. */
  examples?: readonly ExampleTab[];
  /** Pages of development; null for what is none. */
  findDevPage?: FindDevPage;
  /** Whether what stands behind the server is ready; never throws. Yes where it is not given. */
  isReady?: () => Promise<boolean>;
  /**
   * How many operations wait for something that has a limit of its own, and leave their place to others
   * meanwhile. None where it is not given.
   */
  countSuspended?: () => number;
  /** Counts what is done and what goes wrong; null where nobody asks. */
  metrics?: Pick<Metrics, 'observeOperation' | 'countError'> | null;
  /** Traces what is done; null where nobody asks. */
  tracing?: Tracing | null;
  plugins?: Plugin[];
  /** Tests switch it off to compare both ways. */
  hasFastJson?: boolean;
};

export type HttpServer = {
  /**
   * Starts to accept; `url` is the origin, without a path. Throws PortTakenError where the port
   * belongs to another process.
   */
  listen(): Promise<{ url: string; port: number }>;
  /**
   * Turns /readyz to 503 and resolves after shutdownDelayMs. The server goes on serving meanwhile, so that
   * a load balancer stops sending requests before the port closes.
   */
  announceShutdown(): Promise<void>;
  /** Stops accepting, lets requests in flight end for at most shutdownGraceMs, then cuts. */
  close(): Promise<void>;
  /** How much is being done now, and how much was shed. */
  loadShedder: Pick<LoadShedder, 'stats' | 'noteSuspended'>;
  yoga: Engine;
  node: Server;
};

const headersMaxBytes = 16_384;

/**
 * Longer than proxies keep an idle connection (60 s in nginx and in the balancers of the large clouds): who
 * closes first decides whether a request can meet a connection that is just being closed.
 */
const keepAliveMs = 75_000;

/** Composes the HTTP side of the server: /graphql (both ways), /healthz, /readyz, pages of development. */
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

/** The engine with all that is counted and traced around it, and the fast way beside Yoga's own. */
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
    const fast = hasFastJson && isFastJson(exchange.req) ? await handleFastJson(exchange) : null;
    return fast ?? handleThroughYoga(yoga, exchange);
  }, observers);
  return { yoga, handleGraphQL };
}

/** One line when it begins and one when it is over: a line for each error would be load of its own. */
function logOverload(log: Logger, { isOver, shed }: { isOver: boolean; shed: number }): void {
  if (isOver) log.warn({ shed }, 'overload is over');
  else log.warn('overloaded: shedding requests');
}

/** Counts what the caller reads, which is at the very end and on both ways. */
function countErrors(answer: MaskErrors, metrics: HttpServerOptions['metrics']): MaskErrors {
  if (!metrics) return answer;
  return (result, request) => {
    const answered = answer(result, request);
    for (const { extensions } of answered.errors ?? []) {
      metrics.countError(String(extensions.code ?? 'INTERNAL'));
    }
    return answered;
  };
}

/** node:http itself answers 408 to anyone who takes longer than this to send a request. */
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
    const refuse = (error: NodeJS.ErrnoException) => {
      reject(explainListenError(error, { host, port }));
    };
    node.once('error', refuse);
    node.listen({ host, port }, () => {
      node.off('error', refuse);
      // A TCP server that listens has an address of this type.
      const address = node.address() as AddressInfo;
      resolve({ url: formatOrigin(host, address.port), port: address.port });
    });
  });
}

/** Where a caller on this machine reaches the server, also when it listens on every address. */
function formatOrigin(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
