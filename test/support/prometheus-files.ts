import { z } from 'zod';

// Schemas of the files in docs/monitoring, as far as Prometheus and Grafana accept them and these files use them. An
// unknown key is rejected, as Prometheus rejects it.

/** A Go duration as Prometheus reads it: largest unit first, each at most once. */
const durationPattern = /^(?=\d)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/;
const duration = z.string().regex(durationPattern);

/** Labels or annotations by name; a stray comma in YAML creates an invalid name. */
const labels = z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string().min(1));

const alert = z.strictObject({
  alert: z.string().regex(/^\w+$/),
  expr: z.string().min(1),
  for: duration.optional(),
  keep_firing_for: duration.optional(),
  labels: labels.optional(),
  annotations: labels.optional(),
});

/** A file of rules; see "Defining alerting rules" and "Recording rules" in Prometheus' documentation. */
export const rulesFile = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string().min(1),
      interval: duration.optional(),
      limit: z.int().optional(),
      rules: z.array(alert),
    }),
  ),
});

/** prometheus.yml; see "Configuration" in Prometheus' documentation. */
export const prometheusFile = z.strictObject({
  global: z.strictObject({
    scrape_interval: duration,
    evaluation_interval: duration,
  }),
  rule_files: z.array(z.string()),
  scrape_configs: z.array(
    z.strictObject({
      job_name: z.string(),
      static_configs: z.array(z.strictObject({ targets: z.array(z.string().regex(/^\S+:\d+$/)) })),
    }),
  ),
});

/** See "Provision Grafana" in Grafana's documentation. */
export const datasourcesFile = z.strictObject({
  apiVersion: z.literal(1),
  datasources: z.array(
    z.strictObject({
      name: z.string(),
      type: z.string(),
      uid: z.string().regex(/^[\w-]{1,40}$/),
      access: z.enum(['proxy', 'direct']),
      url: z.url(),
      isDefault: z.boolean(),
    }),
  ),
});

/** See "Provision Grafana" in Grafana's documentation. */
export const dashboardsFile = z.strictObject({
  apiVersion: z.literal(1),
  providers: z.array(
    z.strictObject({
      name: z.string(),
      type: z.literal('file'),
      options: z.strictObject({ path: z.string().startsWith('/') }),
    }),
  ),
});

const datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.string() });

const panel = z.strictObject({
  id: z.int().positive(),
  type: z.enum(['timeseries', 'stat']),
  title: z.string().min(1),
  description: z.string().optional(),
  datasource,
  gridPos: z.strictObject({
    x: z.int().min(0).max(23),
    y: z.int().min(0),
    w: z.int().min(1).max(24),
    h: z.int().min(1),
  }),
  fieldConfig: z.strictObject({
    // Units are ids of Grafana; an unknown one is shown as text after the number.
    defaults: z.strictObject({
      unit: z.enum(['reqps', 'ops', 's', 'short', 'bytes', 'percentunit']).optional(),
      min: z.number(),
    }),
    overrides: z.array(z.never()),
  }),
  targets: z
    .array(
      z.strictObject({
        refId: z.string().regex(/^[A-Z]$/),
        expr: z.string().min(1),
        legendFormat: z.string(),
      }),
    )
    .min(1),
});

/** A dashboard; see "Dashboard JSON model" in Grafana's documentation. */
export const dashboardFile = z.strictObject({
  uid: z.string().regex(/^[\w-]{1,40}$/),
  title: z.string(),
  tags: z.array(z.string()),
  schemaVersion: z.int(),
  refresh: duration,
  time: z.strictObject({ from: z.string(), to: z.string() }),
  templating: z.strictObject({
    list: z.array(
      z.strictObject({
        name: z.string(),
        label: z.string(),
        type: z.literal('datasource'),
        query: z.literal('prometheus'),
      }),
    ),
  }),
  panels: z.array(panel),
});
