import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import execution from './execution.ts';
import { requests } from './http.ts';
import { samples } from './metrics.ts';

/** The result of a scenario that was run by Node. */
export type Rehearsal = {
  options: {
    scenarios: Record<string, { executor: string }>;
    thresholds: Record<string, string[]>;
  };
  requests: Record<string, number>;
  /** Samples under `metric{operation}`. */
  samples: Record<string, number[]>;
};

type Scenario = {
  options: Rehearsal['options'];
  setup: () => unknown;
  default: (world: unknown) => void;
  teardown: (world: unknown) => void;
  handleSummary: (summary: unknown) => Record<string, string>;
};

const modules = ['http', 'metrics', 'execution'];

/** Loads a scenario unchanged, with the modules and globals of k6. */
export async function loadScenario(file: string): Promise<Scenario> {
  registerHooks({
    resolve: (specifier, context, next) => {
      const name = modules.find((module) => specifier === `k6/${module}`);
      return next(name ? new URL(`./${name}.ts`, import.meta.url).href : specifier, context);
    },
  });
  Object.assign(globalThis, {
    __ENV: process.env,
    open: (url: string) => readFileSync(new URL(url), 'utf8'),
  });
  return await import(file);
}

/** Runs a scenario with one virtual user, without pauses. */
export function rehearse(scenario: Scenario, iterations: number): Rehearsal {
  // k6 also passes the result of setup as JSON.
  const world = JSON.parse(JSON.stringify(scenario.setup()));
  try {
    for (let at = 0; at < iterations; at += 1) {
      execution.scenario.iterationInTest = at;
      scenario.default(world);
    }
  } finally {
    scenario.teardown(world);
  }
  return { options: scenario.options, requests, samples };
}
