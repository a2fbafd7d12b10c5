import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findK6 } from '../../k6/runner/find-k6.ts';

const atRoot = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tenantry-k6-runner-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs `npm run k6` as npm would. Programs come from `folder`, so an installed k6 is not used. */
function runK6(args: string[], programs = folder) {
  type Ended = { code: number; stdout: string; stderr: string };
  return new Promise<Ended>((resolve) => {
    const env = { PATH: programs, HOME: folder, TMPDIR: folder };
    execFile(process.execPath, [atRoot('k6/run.ts'), ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

async function addProgram(name: string, script: string): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

test('starts and seeds a server, runs, reports the thresholds, and leaves no folder behind', async () => {
  await addProgram('k6', `exec "${process.execPath}" "${atRoot('test/support/k6/k6.ts')}" "$@"`);
  const system = `${folder}:/usr/bin:/bin`;
  const { code, stdout } = await runK6(['nested', '--users', '300'], system);
  expect(code).toBe(0);
  expect(stdout).toMatch(/operation_failures\{operation:nested-tenants\} +rate==0 +0\.00 % +held/);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('All held.');
  const summary = JSON.parse(await readFile(atRoot('reports/k6/nested-smoke.json'), 'utf8'));
  expect(summary.metrics).toHaveProperty(['http_reqs{operation:nested-members}']);
  expect(await readFile(atRoot('reports/k6/server.log'), 'utf8')).toContain('"stopped"');
  const names = await readdir(folder);
  expect(names.filter((name) => name.startsWith('tenantry-k6-'))).toEqual([]);
});

test('a missed threshold ends with 1 and the name of the scenario', async () => {
  await addProgram('k6', 'if [ "$1" = version ]; then echo "k6 v2.1.0 (x)"; else exit 99; fi');
  const { code, stdout } = await runK6(['viewer', '--url', 'http://localhost:1/graphql']);
  expect(code).toBe(1);
  expect(stdout).toContain('NOT HELD: viewer');
});

test('without k6 the error says how to install it on each system', async () => {
  const { code, stderr } = await runK6(['viewer']);
  expect(code).toBe(1);
  for (const command of ['brew install', 'winget install', 'go install'])
    expect(stderr).toContain(command);
});

test('a k6 that is too old for the scripts is rejected', async () => {
  await addProgram('k6', 'echo "k6 v0.49.0 (x)"');
  expect(await runK6(['viewer'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is v0.49.0; k6 2 or newer is needed'),
  });
});

test.each([
  [['nothing-of-the-kind'], 'There is no scenario nothing-of-the-kind'],
  [[], 'Name one scenario'],
  [['viewer', '--profile', 'hurricane'], 'There is no profile hurricane'],
  [['viewer', '--users', 'many'], '--users takes a whole number above 0, not many'],
  [['viewer', '--url', 'nowhere'], 'nowhere is no URL'],
])('the arguments %j end with 2 and the usage', async (args, message) => {
  const { code, stderr } = await runK6(args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).toContain('npm run k6 -- <scenario>');
});

test('k6 is found where Go puts programs', async () => {
  const k6 = await addProgram('gopath/bin/k6', 'exit 0');
  await addProgram('go', `printf '\\n%s\\n' "${path.join(folder, 'gopath')}"`);
  expect(await findK6({ PATH: folder })).toBe(k6);
});
