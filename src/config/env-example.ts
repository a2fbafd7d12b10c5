import type { AnySetting } from './setting.ts';
import { settings } from './settings.ts';

const head = `# Settings of the server: copy to .env and uncomment what you change.
# Environment variables override this file. An empty value counts as not set.
# Generated from src/config/settings.ts; a test compares the two.`;

/** Prints .env.example: every setting with its meaning, bounds and default, commented out. */
export function printEnvExample(): string {
  const groups = Object.entries(settings).flatMap(([name, group]) => [
    `# --- ${name} ---`,
    ...Object.entries<AnySetting>(group).map(printSetting),
  ]);
  return `${[head, ...groups].join('\n\n')}\n`;
}

function printSetting([name, setting]: [string, AnySetting]): string {
  const note = setting.fallback === undefined ? [`Default: ${setting.fallbackNote}.`] : [];
  const value = setting.sample ?? setting.fallback ?? '';
  return [`${setting.about}.`, `Must be ${setting.expects}.`, ...note, `${name}=${value}`]
    .map((line) => `# ${line}`)
    .join('\n');
}
