import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from './logger.ts';
import type { TracingOptions } from './tracing.ts';

type Traces = TracingOptions['traces'];

/**
 * Hands spans over to a collector. While it is away they are lost, with one warning for all of that time
 * and a line when it is back: traces are worth no more.
 */
export async function createExporter(traces: Traces, log: Logger): Promise<SpanExporter> {
  const exporter = await createPlainExporter(traces);
  let isAway = false;
  const judge = ({ code, error }: ExportResult) => {
    const hasFailed = code === ExportResultCode.FAILED;
    if (hasFailed && !isAway) {
      log.warn({ fault: describe(error) }, 'traces could not be exported and are lost');
    }
    if (!hasFailed && isAway) log.info('traces are exported again');
    isAway = hasFailed;
  };
  return {
    export(spans: ReadableSpan[], done: (result: ExportResult) => void) {
      exporter.export(spans, (result) => {
        judge(result);
        // Else the SDK would write of it itself, each time and not into our log.
        done({ code: ExportResultCode.SUCCESS });
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

/** Never its message: that repeats what the collector answered. */
function describe(error: Error | undefined): string {
  const code: unknown = error && 'code' in error ? error.code : undefined;
  return String(code ?? error?.name ?? 'unknown');
}

/** Only the encoding that is asked for is loaded. */
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
