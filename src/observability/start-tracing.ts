import type { Config } from '../config.ts';
import type { Tracing, TracingOptions } from './tracing.ts';

/**
 * Traces as the settings ask, or null where they do not. OpenTelemetry's packages are loaded here and only
 * then: they are larger than this server, and most servers run without.
 */
export async function startTracing(
  options: Omit<TracingOptions, 'traces'> & { traces: Config['traces'] },
): Promise<Tracing | null> {
  const { traces, ...rest } = options;
  if (traces === null) return null;
  const { createTracing } = await import('./opentelemetry.ts');
  return await createTracing({ traces, ...rest });
}
