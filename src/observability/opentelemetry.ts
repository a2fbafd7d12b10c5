import { randomUUID } from 'node:crypto';
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { createExporter } from './otlp-exporter.ts';
import { createSampler } from './sampler.ts';
import { describeStatement } from './statement-facts.ts';
import type { EndStatement, TracedWork } from './traced-work.ts';
import type { OperationFacts, TracedOperation, Tracing, TracingOptions } from './tracing.ts';

/** An unreachable collector must not delay a restart. */
const closeMsMax = 2_000;

/** Longer statements are truncated; ours are shorter. */
const attributeLengthMax = 4_096;

/**
 * Creates tracing with OpenTelemetry's SDK. Nothing is registered globally, because a process can have several servers,
 * and the context is our own (traced-work.ts): the SDK's would have to be entered for every statement.
 */
export async function createTracing(options: TracingOptions): Promise<Tracing> {
  const { traces, log, closeGraceMs } = options;
  const processor = new BatchSpanProcessor({
    exporter: await createExporter(traces, log),
    scheduledDelayMillis: traces.delayMs,
    exportTimeoutMillis: traces.timeoutMs,
  });
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        'service.instance.id': randomUUID(),
        ...traces.resourceAttributes,
        'service.name': traces.serviceName,
      }),
    ),
    sampler: createSampler(traces.sampler, traces.samplerShare),
    spanLimits: { attributeValueLengthLimit: attributeLengthMax },
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('tenantry');
  return {
    beginOperation: (traceparent) => beginOperation(tracer, traceparent),
    close: () => closeInTime(provider, Math.min(closeGraceMs, closeMsMax)),
  };
}

/**
 * Ignores the caller's `tracestate`, which is for downstream services. So only two numbers of these headers get into a
 * trace.
 */
function readParent(traceparent: string | undefined): Context {
  const parent = traceparent === undefined ? null : parseTraceParent(traceparent);
  if (parent === null) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
}

function beginOperation(tracer: Tracer, traceparent: string | undefined): TracedOperation | null {
  const span = tracer.startSpan(
    'GraphQL Operation',
    { kind: SpanKind.SERVER },
    readParent(traceparent),
  );
  return span.isRecording() ? new SpannedOperation(tracer, span) : null;
}

/**
 * A class, so that one instance can read the private span of another. In a WeakMap spans would survive V8's minor
 * collections (docs/decisions/009-loaders-per-principal.md).
 */
class SpannedOperation implements TracedOperation {
  readonly traceId: string;
  readonly #tracer: Tracer;
  readonly #span: Span;

  constructor(tracer: Tracer, span: Span) {
    this.traceId = span.spanContext().traceId;
    this.#tracer = tracer;
    this.#span = span;
  }

  /**
   * Null after the response: timers and shared helpers created during this operation keep its context forever, and their
   * statements are not part of it.
   */
  beginStatement(sql: string): EndStatement | null {
    if (!this.#span.isRecording()) return null;
    return beginStatement(this.#tracer, sql, {
      context: trace.setSpan(ROOT_CONTEXT, this.#span),
    });
  }

  /**
   * A statement for several operations is a child of none: as part of one trace it would be missing in the others. It is
   * the root of its own trace, with a link to each operation, and sampled if one of them is (see sampler.ts).
   */
  beginSharedStatement(sql: string, others: readonly TracedWork[]): EndStatement | null {
    const links = [this, ...others].flatMap((one) => {
      const span = one instanceof SpannedOperation ? one.#span : null;
      return span?.isRecording() ? { context: span.spanContext() } : [];
    });
    if (links.length === 0) return null;
    return beginStatement(this.#tracer, sql, { context: ROOT_CONTEXT, links });
  }

  end(facts: OperationFacts): void {
    // Requests without an operation, such as GraphiQL's page, are not ended and so never exported.
    if (facts.operation === null && facts.codes.length === 0) return;
    setAttributes(this.#span, facts);
    this.#span.end();
  }
}

function beginStatement(
  tracer: Tracer,
  sql: string,
  { context, links }: { context: Context; links?: { context: SpanContext }[] },
): EndStatement {
  const { name, attributes } = describeStatement(sql);
  const span = tracer.startSpan(
    name,
    { kind: SpanKind.CLIENT, attributes, ...(links ? { links } : {}) },
    context,
  );
  return (errorCode) => {
    if (errorCode !== null) {
      span.setAttribute('error.type', errorCode);
      // A SQLSTATE has five characters; a lost connection has none.
      if (/^[0-9A-Z]{5}$/.test(errorCode)) span.setAttribute('db.response.status_code', errorCode);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  };
}

/** Names: https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/ and our own `tenantry.…`. */
function setAttributes(span: Span, facts: OperationFacts): void {
  const { requestId, operation, tenantId, codes, waitedMs } = facts;
  span.setAttribute('tenantry.request.id', requestId);
  if (waitedMs > 0) span.setAttribute('tenantry.waited_ms', waitedMs);
  if (tenantId !== null) span.setAttribute('tenantry.tenant.id', tenantId);
  if (operation !== null) {
    span.updateName(operation.label);
    span.setAttribute('graphql.operation.type', operation.type);
    if (operation.name !== null) span.setAttribute('graphql.operation.name', operation.name);
  }
  const [code] = codes;
  if (code === undefined) return;
  span.setAttribute('error.type', code);
  // Without a description, because messages may repeat the caller's input.
  span.setStatus({ code: SpanStatusCode.ERROR });
}

async function closeInTime(provider: TracerProvider, graceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const graceIsOver = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([provider.shutdown().catch(() => undefined), graceIsOver]);
  clearTimeout(timer);
}
