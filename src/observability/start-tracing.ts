import type { Config } from '../config.ts';
import type { Tracing, TracingOptions } from './tracing.ts';

/**
 * Starts tracing if the settings enable it, else returns null. Loads OpenTelemetry's packages only then: they are larger
 * than this server, and most servers run without them.
 */
export async function startTracing(
  options: Omit<TracingOptions, 'traces'> & { traces: Config['traces'] },
): Promise<Tracing | null> {
  const { traces, ...rest } = options;
  if (traces === null) return null;
  const { createTracing } = await import('./opentelemetry.ts');
  return await createTracing({ traces, ...rest });
}
