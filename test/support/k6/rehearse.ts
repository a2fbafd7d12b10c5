import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import execution from './execution.ts';
import { requests } from './http.ts';
import { samples } from './metrics.ts';

/** What came of a rehearsal. */
export type Rehearsal = {
  options: {
    scenarios: Record<string, { executor: string }>;
    thresholds: Record<string, string[]>;
  };
  requests: Record<string, number>;
  /** Under `metric{operation}`. */
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

/** Loads a scenario as it stands, with what k6 has and Node has not. */
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

/** Runs it with one virtual user and no clock. */
export function rehearse(scenario: Scenario, iterations: number): Rehearsal {
  // k6 hands the world over as JSON, too.
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
