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

/** The one Yoga instance both ways end in. */
export type Engine = YogaServerInstance<ServerContext, object>;

/** Credentials of a request; with an `authorization` there is no `cookieToken`. */
export type Credentials = {
  authorization: string | null;
  cookieToken: string | null;
  sessionKeeper: SessionKeeper | null;
  reportDuration: ReportDuration | null;
};

/**
 * Makes what resolvers get as context, a new object each time; called once per request, when its operation has
 * been let through. The exchange is put beside what it holds.
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
 * Hooks that not every request passes through: those of Yoga's fetch layer on the fast way, and of an operation
 * that is known those around the engine. `onParse`, `onValidate` and the body of `onExecute` may be used for what
 * is the same for everybody who asks for that operation.
 */
const passedBy = [
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
 * Yoga with everything off that the server does itself (CORS, health, landing page, batching,
 * masking) or does not want. Throws if a plugin relies on a hook that only one way would run.
 */
export function createEngine(options: EngineOptions): Engine {
  for (const plugin of options.plugins) assertRunsBothWays(plugin);
  const { graphiql, examples, createContext } = options;
  return createYoga<ServerContext>({
    schema: options.schema,
    context: ({ exchange }) => createContext(exchange, exchange.request),
    plugins: [...listPlugins(options), ...options.plugins],
    // The examples sign in as people of the demo, which is for this machine only.
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
    // Matched against the end of the whole URL; a line feed can stand in none.
    healthCheckEndpoint: '\n',
    parserAndValidationCache: {
      documentCache: createDocumentCache(),
      errorCache: createDocumentCache(),
      validationCache: true,
    },
    logging: createYogaLogger(options.log),
  });
}

function assertRunsBothWays(plugin: Plugin): void {
  const hook = passedBy.find((name) => plugin[name] !== undefined);
  if (hook !== undefined) {
    throw new TypeError(`A plugin uses ${hook}, which the fast JSON way does not always run.`);
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
