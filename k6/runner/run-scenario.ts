import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAllHeld, listVerdicts } from '../lib/verdict.ts';
import type { Arguments } from './arguments.ts';

export type ScenarioRun = {
  k6: string;
  scenario: string;
  url: string;
  /** Where reports go. */
  folder: string;
  environment: Record<string, string>;
} & Pick<Arguments, 'profile' | 'rate' | 'durationSeconds'>;

/**
 * Runs one scenario, which prints its verdict, and returns whether everything was held. Leaves an HTML
 * report and the summary as JSON in the folder.
 */
export async function runScenario(options: ScenarioRun): Promise<boolean> {
  const name = path.join(options.folder, `${options.scenario}-${options.profile}`);
  const summaryFile = `${name}.json`;
  await rm(summaryFile, { force: true });
  const script = fileURLToPath(new URL(`../scenarios/${options.scenario}.ts`, import.meta.url));
  const child = spawn(options.k6, ['run', '--quiet', script], {
    env: { ...process.env, ...listVariables(options, name, summaryFile) },
    stdio: 'inherit',
  });
  const [code] = await once(child, 'exit');
  const summary = await readFile(summaryFile, 'utf8').catch(() => null);
  // k6 ends with 99 where a threshold was missed; what it does not compare itself is in the summary.
  return code === 0 && summary !== null && isAllHeld(listVerdicts(JSON.parse(summary)));
}

function listVariables(
  { url, profile, rate, durationSeconds, environment }: ScenarioRun,
  name: string,
  summaryFile: string,
): Record<string, string> {
  return {
    LOAD_URL: url,
    LOAD_PROFILE: profile,
    LOAD_RATE: rate === undefined ? '' : String(rate),
    LOAD_DURATION_SECONDS: durationSeconds === undefined ? '' : String(durationSeconds),
    LOAD_SUMMARY_FILE: summaryFile,
    ...environment,
    K6_NO_USAGE_REPORT: 'true',
    K6_WEB_DASHBOARD: 'true',
    // No page while it runs, only the report at its end.
    K6_WEB_DASHBOARD_PORT: '-1',
    K6_WEB_DASHBOARD_EXPORT: `${name}.html`,
    // A report needs a few periods; a smoke run is over after seconds.
    K6_WEB_DASHBOARD_PERIOD: profile === 'smoke' ? '1s' : '5s',
  };
}
