import { writeFileSync } from 'node:fs';
import { loadScenario, type Rehearsal, rehearse } from './rehearse.ts';

// Replaces the program k6 as far as `npm run k6` uses it: `k6 version` and `k6 run --quiet file`.

const [, , command, , file = ''] = process.argv;
if (command === 'version') console.log('k6 v2.1.0 (a stand-in)');
else process.exitCode = await run();

async function run(): Promise<number> {
  const scenario = await loadScenario(file);
  const metrics = summarize(rehearse(scenario, 100));
  for (const [name, text] of Object.entries(scenario.handleSummary({ metrics }))) {
    if (name === 'stdout') process.stdout.write(text);
    else writeFileSync(name, text);
  }
  const thresholds = Object.values(metrics).flatMap(({ thresholds }) => Object.values(thresholds));
  return thresholds.every(({ ok }) => ok) ? 0 : 99;
}

/** Failures and numbers of requests, the only metrics with thresholds in smoke. */
function summarize({ options, requests, samples }: Rehearsal) {
  const entries = Object.entries(options.thresholds).map(([name, [threshold = '']]) => {
    const [, metric, operation] = /^(\w+)(?:\{operation:(.*)\})?$/.exec(name) ?? [];
    const failures = listFailures(samples, operation);
    const rate = failures.reduce((sum, each) => sum + each, 0) / (failures.length || 1);
    const count = requests[operation ?? ''] ?? 0;
    const ok = metric === 'operation_failures' ? rate === 0 : count > 0;
    return [name, { values: { rate, count }, thresholds: { [threshold]: { ok } } }] as const;
  });
  return Object.fromEntries(entries);
}

/** 1 for each failed request and 0 for each other, of one operation or of all. */
function listFailures(samples: Rehearsal['samples'], operation: string | undefined): number[] {
  const isIncluded = (name: string) =>
    operation === undefined
      ? name.startsWith('operation_failures{')
      : name === `operation_failures{${operation}}`;
  return Object.keys(samples)
    .filter(isIncluded)
    .flatMap((name) => samples[name] ?? []);
}
