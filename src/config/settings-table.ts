import type { AnySetting } from './setting.ts';
import { settings } from './settings.ts';

const head = `# Settings

Environment variables, or lines of a file \`.env\` in the working directory, which they win over. An empty
value counts as not set. All invalid settings are reported together at the start.

Made from src/config/settings.ts; a test compares the two.`;

/** The text of docs/settings.md: every setting with its meaning, bounds and default, as tables. */
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
