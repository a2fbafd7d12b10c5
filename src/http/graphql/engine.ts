import type { GraphQLSchema } from 'graphql';
import { createYoga, type Plugin, type YogaLogger, type YogaServerInstance } from 'graphql-yoga';
import type { ReportDuration, RequestInfo, SessionKeeper } from '../../core/context.ts';
import type { Logger } from '../../observability/logger.ts';
import type { OriginList } from '../browser/origins.ts';
import type { ExampleTab } from '../dev/example-queries.ts';
import { getGraphiQLOptions, renderGraphiQL } from '../dev/graphiql.ts';
import { explainRemote } from '../dev/local-request.ts';
import type { ServerContext } from '../exchange.ts';
import { createDocumentCache } from './document-cache.ts';
import type { MaskErrors } from './errors.ts';
import { listPlugins } from './plugins/index.ts';

/** The one Yoga instance that both paths use. */
export type Engine = YogaServerInstance<ServerContext, object>;

/** Credentials of a request; with an `authorization` there is no `cookieToken`. */
export type Credentials = {
  authorization: string | null;
  cookieToken: string | null;
  sessionKeeper: SessionKeeper | null;
  reportDuration: ReportDuration | null;
};

/**
 * Creates the context of the resolvers, a new object each time; called once per request, after its operation
 * is validated. The exchange is added to it.
 */
export type CreateContext = (credentials: Credentials, request: RequestInfo) => Promise<object>;

export type EngineOptions = {
  schema: GraphQLSchema;
  createContext: CreateContext;
  maskErrors: MaskErrors;
  graphiql: boolean;
  introspection: boolean;
  executionTimeoutMs: number;
  hasGetGuard: boolean;
  corsOrigins: OriginList;
  sessionCookies: boolean;
  examples: readonly ExampleTab[];
  plugins: readonly Plugin[];
  log: Logger;
};

/**
 * Hooks that do not run for every request: the fast path skips those of Yoga's fetch layer, and known operations
 * those around the engine. `onParse`, `onValidate` and the body of `onExecute` run once per known operation, so
 * they may only do work that is the same for all its requests.
 */
const skippedHooks = [
  'instrumentation',
  'onRequest',
  'onRequestParse',
  'onResponse',
  'onResultProcess',
  'onParams',
  'onEnveloped',
  'onContextBuilding',
  'onExecutionResult',
] as const;

/**
 * Yoga without the features that the server implements itself or does not offer (CORS, health checks, landing
 * page, batching, masking).
 * @throws TypeError if a plugin relies on a hook that is skipped on the fast path
 */
export function createEngine(options: EngineOptions): Engine {
  for (const plugin of options.plugins) assertRunsOnBothPaths(plugin);
  const { graphiql, examples, createContext } = options;
  return createYoga<ServerContext>({
    schema: options.schema,
    context: ({ exchange }) => createContext(exchange, exchange.request),
    plugins: [...listPlugins(options), ...options.plugins],
    // The examples sign in as users of the demo, so only this machine gets them.
    graphiql:
      graphiql &&
      (({ headers }) => {
        const isLocal = explainRemote(Object.fromEntries(headers)) === null;
        return getGraphiQLOptions(isLocal ? examples : [], options);
      }),
    renderGraphiQL,
    batching: false,
    cors: false,
    landingPage: false,
    multipart: false,
    maskedErrors: false,
    maxRequestBodySize: false,
    // Disables the check: Yoga compares it with the end of the URL, which never has a line feed.
    healthCheckEndpoint: '\n',
    parserAndValidationCache: {
      documentCache: createDocumentCache(),
      errorCache: createDocumentCache(),
      validationCache: true,
    },
    logging: createYogaLogger(options.log),
  });
}

function assertRunsOnBothPaths(plugin: Plugin): void {
  const hook = skippedHooks.find((name) => plugin[name] !== undefined);
  if (hook !== undefined) {
    throw new TypeError(`A plugin uses ${hook}, which the fast JSON path does not always run.`);
  }
}

function createYogaLogger(log: Logger): YogaLogger {
  const silent = () => undefined;
  return {
    debug: silent,
    info: silent,
    warn: (...parts) => log.warn({ parts }, 'Yoga'),
    error: (...parts) => log.error({ parts }, 'Yoga'),
  };
}
