import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The blocks of code in a language below a heading of the second level, in order. */
export async function listBlocks(
  file: string,
  heading: string,
  language: string,
): Promise<string[]> {
  const text = await readFile(path.join(root, file), 'utf8');
  const section = text.split(`\n## ${heading}\n`)[1]?.split(/\n## /)[0] ?? '';
  const blocks = section.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'));
  return Array.from(blocks, ([, block = '']) => block);
}

/** The commands of the README that write .env, for a server and for containers. */
export async function readEnvScripts(): Promise<{ server: string; containers: string }> {
  const [server = '', containers = ''] = (await listBlocks('README.md', 'In production', 'sh')).map(
    (block) => /^cat > \.env <<END\n[\s\S]*\nEND\n/.exec(block)?.[0] ?? '',
  );
  return { server, containers };
}

/** Runs a script of the docs in a folder. */
export async function runScript(script: string, cwd: string): Promise<void> {
  await promisify(execFile)('sh', ['-c', script], { cwd });
}
