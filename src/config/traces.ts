import { choice, integer, pairs, serviceUrl, share, text, type Value } from './setting.ts';

/**
 * When and how traces leave the server. Names, meanings and defaults are OpenTelemetry's, except that
 * nothing is traced until one of them asks for it:
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export const traceSettings = {
  OTEL_TRACES_EXPORTER: choice(['otlp', 'none'], {
    fallback: undefined,
    fallbackNote: 'otlp if one of the endpoints below is set, else none',
    about: 'Whether traces leave this server',
  }),
  OTEL_SDK_DISABLED: choice(['true', 'false'], {
    fallback: 'false',
    about: 'No traces, whatever else is set',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: serviceUrl({
    fallback: undefined,
    fallbackNote: 'http://localhost:4318',
    about: 'Collector that takes the traces over HTTP, at /v1/traces below this address',
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: serviceUrl({
    fallback: undefined,
    fallbackNote: 'made from OTEL_EXPORTER_OTLP_ENDPOINT',
    about: 'The whole address for traces, used as it is',
  }),
  OTEL_EXPORTER_OTLP_PROTOCOL: choice(['http/protobuf', 'http/json'], {
    fallback: 'http/protobuf',
    about: 'How traces are written on their way',
  }),
  OTEL_EXPORTER_OTLP_HEADERS: {
    ...pairs({ fallback: '', about: 'Headers for the collector, such as its API key' }),
    isSecret: true,
  },
  OTEL_EXPORTER_OTLP_TIMEOUT: integer(1, 300_000, {
    fallback: '10000',
    about: 'Longest time in ms for handing over a batch of spans, retries included',
  }),
  OTEL_BSP_SCHEDULE_DELAY: integer(1, 300_000, {
    fallback: '5000',
    about: 'Longest time in ms that a span waits for a batch',
  }),
  OTEL_SERVICE_NAME: text(/^[^\p{Cc}]{1,255}$/u, 'a name of at most 255 characters', {
    fallback: 'tenantry',
    about: 'What this server is called in traces',
  }),
  OTEL_RESOURCE_ATTRIBUTES: pairs({
    fallback: '',
    about: 'More about this server in traces, such as deployment.environment.name=production',
  }),
  OTEL_TRACES_SAMPLER: choice(
    [
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ],
    {
      fallback: 'parentbased_always_on',
      about: 'Which operations are traced; parentbased obeys a caller that sends traceparent',
    },
  ),
  OTEL_TRACES_SAMPLER_ARG: share({
    fallback: '1',
    about: 'The share of operations that the samplers by traceidratio take',
  }),
};

type Values = { [Name in keyof typeof traceSettings]: Value<(typeof traceSettings)[Name]> };

/** Null: nothing is traced, and no code for it is loaded. */
export function arrangeTraces(traces: Values) {
  const base = traces.OTEL_EXPORTER_OTLP_ENDPOINT;
  const whole = traces.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const isEndpointSet = base !== undefined || whole !== undefined;
  const exporter = traces.OTEL_TRACES_EXPORTER ?? (isEndpointSet ? 'otlp' : 'none');
  if (exporter === 'none' || traces.OTEL_SDK_DISABLED === 'true') return null;
  return {
    url: whole ?? `${(base ?? 'http://localhost:4318').replace(/\/+$/, '')}/v1/traces`,
    protocol: traces.OTEL_EXPORTER_OTLP_PROTOCOL,
    headers: traces.OTEL_EXPORTER_OTLP_HEADERS,
    timeoutMs: traces.OTEL_EXPORTER_OTLP_TIMEOUT,
    delayMs: traces.OTEL_BSP_SCHEDULE_DELAY,
    serviceName: traces.OTEL_SERVICE_NAME,
    resourceAttributes: traces.OTEL_RESOURCE_ATTRIBUTES,
    sampler: traces.OTEL_TRACES_SAMPLER,
    samplerShare: traces.OTEL_TRACES_SAMPLER_ARG,
  };
}
