import type { AnySetting } from './setting.ts';
import { settings } from './settings.ts';

const head = `# Settings

Environment variables, which override lines of a file \`.env\` in the working directory. An empty value counts
as not set. All invalid settings are reported together at the start.

Generated from src/config/settings.ts; a test compares the two.`;

/** Prints docs/settings.md: every setting with its meaning, bounds and default, as tables. */
export function printSettingsTable(): string {
  const groups = Object.entries(settings).map(([name, group]) =>
    [
      `## ${name}`,
      '',
      '| Setting | What it is | Must be | Default |',
      '| --- | --- | --- | --- |',
      ...Object.entries<AnySetting>(group).map(printRow),
    ].join('\n'),
  );
  return `${[head, ...groups].join('\n\n')}\n`;
}

function printRow([name, { about, expects, fallback, fallbackNote }]: [
  string,
  AnySetting,
]): string {
  const value = fallback === '' ? 'empty' : fallback && `\`${fallback}\``;
  const cells = [`\`${name}\``, about, expects, value ?? fallbackNote ?? 'none'];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
