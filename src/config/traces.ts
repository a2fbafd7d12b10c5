import { choice, integer, pairs, serviceUrl, share, text, type Value } from './setting.ts';

/**
 * Settings of tracing. Names, meanings and defaults are OpenTelemetry's, except that tracing is disabled by default:
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export const traceSettings = {
  OTEL_TRACES_EXPORTER: choice(['otlp', 'none'], {
    fallback: undefined,
    fallbackNote: 'otlp if one of the endpoints below is set, else none',
    about: 'Exporter for traces',
  }),
  OTEL_SDK_DISABLED: choice(['true', 'false'], {
    fallback: 'false',
    about: 'Disables traces, whatever else is set',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: serviceUrl({
    fallback: undefined,
    fallbackNote: 'http://localhost:4318',
    about: 'OTLP collector over HTTP; traces go to /v1/traces below this URL',
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: serviceUrl({
    fallback: undefined,
    fallbackNote: 'made from OTEL_EXPORTER_OTLP_ENDPOINT',
    about: 'Complete URL for traces, used as it is',
  }),
  OTEL_EXPORTER_OTLP_PROTOCOL: choice(['http/protobuf', 'http/json'], {
    fallback: 'http/protobuf',
    about: 'Encoding of traces',
  }),
  OTEL_EXPORTER_OTLP_HEADERS: {
    ...pairs({ fallback: '', about: 'Headers for the collector, such as its API key' }),
    isSecret: true,
  },
  OTEL_EXPORTER_OTLP_TIMEOUT: integer(1, 300_000, {
    fallback: '10000',
    about: 'Timeout in ms for exporting a batch of spans, including retries',
  }),
  OTEL_BSP_SCHEDULE_DELAY: integer(1, 300_000, {
    fallback: '5000',
    about: 'Maximum time in ms that a span waits for its batch',
  }),
  OTEL_SERVICE_NAME: text(/^[^\p{Cc}]{1,255}$/u, 'a name of at most 255 characters', {
    fallback: 'tenantry',
    about: 'Service name in traces',
  }),
  OTEL_RESOURCE_ATTRIBUTES: pairs({
    fallback: '',
    about: 'Additional resource attributes, such as deployment.environment.name=production',
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
      about: 'Sampler of traces; parentbased follows the traceparent of the caller',
    },
  ),
  OTEL_TRACES_SAMPLER_ARG: share({
    fallback: '1',
    about: 'Share of operations that traceidratio samplers record',
  }),
};

type Values = { [Name in keyof typeof traceSettings]: Value<(typeof traceSettings)[Name]> };

/** Null disables tracing; its code is not loaded then. */
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
