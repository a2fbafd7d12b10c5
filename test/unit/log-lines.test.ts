import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Messages that are composed at run time, by the expression at the call. */
const composed: Readonly<Record<string, string>> = {
  'describe(serving, late)': 'The serving login … connects with …',
  "telemetry.operation?.label ?? 'rejected'": '…',
};

/** Every call of a logger in the sources as `level message`, sorted. */
async function listWritten(): Promise<string[]> {
  const lines = new Set<string>();
  for await (const file of glob('src/**/*.ts', { cwd: root })) {
    if (file.includes('generated')) continue;
    const source = (await readFile(path.join(root, file), 'utf8')).replaceAll(
      /^\s*(\*|\/\/|\/\*\*).*$/gm,
      '',
    );
    const calls = source.matchAll(/\blog\.(trace|debug|info|warn|error|fatal)\(/g);
    for (const call of calls) {
      const message = listArguments(source, call.index + call[0].length).at(-1) ?? '';
      lines.add(`${call[1]} ${readMessage(message, source)}`);
    }
    // The one function that takes the level as an argument.
    for (const [, level, message] of source.matchAll(/\blogOnce\(\w+, '(\w+)', '([^']+)'\)/g)) {
      lines.add(`${level} ${message}`);
    }
  }
  return [...lines].sort();
}

/** A string, a bracket, a comma, or the text between them. */
const tokens = /'[^']*'|"[^"]*"|`[^`]*`|[()[\]{},]|[^'"`()[\]{},]+/g;

/** The arguments of a call whose opening bracket ends at `start`. */
function listArguments(source: string, start: number): string[] {
  const found = [''];
  let depth = 0;
  for (const [token] of source.slice(start, start + 1_000).matchAll(tokens)) {
    if ('([{'.includes(token)) depth += 1;
    if (')]}'.includes(token)) depth -= 1;
    if (depth < 0) break;
    if (token === ',' && depth === 0) found.push('');
    else found.push((found.pop() ?? '') + token);
  }
  return found.map((text) => text.trim()).filter((text) => text !== '');
}

function readMessage(text: string, source: string): string {
  const literal = /^(['`])(.*)\1$/.exec(text)?.[2];
  if (literal !== undefined) return literal.replaceAll(/\$\{[^}]*\}/g, '…');
  const [, constant] =
    new RegExp(`const ${text.replaceAll(/\W/g, '.')} =\\s*'([^']+)'`).exec(source) ?? [];
  return constant ?? composed[text] ?? `unknown message: ${text}`;
}

async function listDocumented(): Promise<string[]> {
  const page = await readFile(path.join(root, 'docs/operations.md'), 'utf8');
  const [, section = ''] = /^## Logs\n([\s\S]*?)^## /m.exec(page) ?? [];
  const [, table = ''] = section.split('| Level | Line |');
  return Array.from(
    table.matchAll(/^\| `(\w+)` \| (.*?) \|/gm),
    ([, level, line]) => `${level} ${line}`,
  );
}

/** Whether a row of the page matches a line of the sources; `…` matches any text. */
function matchesRow(documented: string, written: string): boolean {
  const pattern = documented
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${pattern}$`).test(written);
}

describe('every line of the log', () => {
  test('is listed on the operations page with its level', async () => {
    const documented = await listDocumented();
    const written = await listWritten();
    expect(written.length).toBeGreaterThan(35);
    const exact = (line: string) =>
      documented.some((row) => row !== 'debug …' && matchesRow(row, line));
    expect(written.filter((line) => line !== 'debug …' && !exact(line))).toEqual([]);
    expect(documented.filter((row) => !written.some((line) => matchesRow(row, line)))).toEqual([]);
  });
});

describe('durations in the log', () => {
  test.each([
    ['ms', 0.123456789, 0.1],
    ['readyMs', 12.3456, 12.3],
    ['waitedMs', 7, 7],
    ['readySeconds', 1.23456789, 1.235],
    ['seconds', 0.1 + 0.2, 0.3],
    ['waitSeconds', 60, 60],
    ['items', 0.123456789, 0.123456789],
    ['atoms', 1.23456, 1.23456],
    ['ms', 'none', 'none'],
  ])('are rounded to a measurable precision: %s %s', (name, value, expected) => {
    const lines: string[] = [];
    const log = createLogger(
      { level: 'info', format: 'json' },
      { write: (line: string) => lines.push(line) },
    );
    log.info({ [name]: value }, 'done');
    expect(JSON.parse(lines[0] ?? '')[name]).toBe(expected);
  });

  test('are rounded in the pretty format too', () => {
    const lines: string[] = [];
    const log = createLogger(
      { level: 'info', format: 'pretty' },
      { write: (line: string) => lines.push(line) },
    );
    log.child({ worker: 1 }).warn({ pauseMs: 0.123456789 }, 'a pause');
    expect(lines[0]).toContain('pauseMs=0.1');
    expect(lines[0]).not.toContain('=0.12');
  });
});
