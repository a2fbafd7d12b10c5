import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from './logger.ts';
import type { TracingOptions } from './tracing.ts';

type Traces = TracingOptions['traces'];

/**
 * Exports spans to a collector. While it is unreachable they are lost, with one warning, and one line when it is back.
 */
export async function createExporter(traces: Traces, log: Logger): Promise<SpanExporter> {
  const exporter = await createPlainExporter(traces);
  let isUnreachable = false;
  const logChange = ({ code, error }: ExportResult) => {
    const hasFailed = code === ExportResultCode.FAILED;
    if (hasFailed && !isUnreachable) {
      log.warn({ error: describe(error) }, 'traces could not be exported and are lost');
    }
    if (!hasFailed && isUnreachable) log.info('traces are exported again');
    isUnreachable = hasFailed;
  };
  return {
    export(spans: ReadableSpan[], done: (result: ExportResult) => void) {
      exporter.export(spans, (result) => {
        logChange(result);
        // Otherwise the SDK would log each failure itself, outside our log.
        done({ code: ExportResultCode.SUCCESS });
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

/** Never the message, which repeats the collector's response. */
function describe(error: Error | undefined): string {
  const code: unknown = error && 'code' in error ? error.code : undefined;
  return String(code ?? error?.name ?? 'unknown');
}

/** Loads only the configured encoding. */
async function createPlainExporter(traces: Traces): Promise<SpanExporter> {
  const { OTLPTraceExporter } =
    traces.protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter({
    url: traces.url,
    headers: { ...traces.headers },
    timeoutMillis: traces.timeoutMs,
  });
}
