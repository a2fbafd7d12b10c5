// `npm run check`: everything that needs no database, all at once. Prints what fails, and only that.
import { spawn } from 'node:child_process';
import { prepareClient } from '../src/db/prepare.ts';

/** What each check is called, and the scripts of package.json that make it up, one after the other. */
const checks = {
  style: ['biome', 'check', '--error-on-warnings'],
  // One thread: several check the same declarations again and take nearly twice the processor's time.
  types: ['tsc', '--noEmit', '--project', '.', '--singleThreaded'],
  // Tests that read the sources: who imports whom, which words are used, whether each log line is documented.
  sources: [
    ...['vitest', 'run', '--project', 'unit'],
    ...['test/structure/ladder.test.ts', 'test/structure/plain-words.test.ts'],
    'test/unit/log-lines.test.ts',
  ],
  schema: ['node', 'src/cli/print-schema.ts', '--check'],
  client: ['node', 'examples/typed-client/print-types.ts', '--check'],
};

await prepareClient();
const failed = await Promise.all(Object.entries(checks).map(runCheck));
if (failed.some(Boolean)) process.exitCode = 1;

/** Resolves with whether it failed, after printing what it said. npm has put its programs on the PATH. */
function runCheck([name, [program, ...args]]) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], shell: isWindows() });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  return new Promise((resolve) => {
    const end = (isFailed) => {
      if (isFailed) console.error(`check:${name} failed\n${output}`);
      resolve(isFailed);
    };
    child.on('error', () => end(true));
    child.on('close', (code) => end(code !== 0));
  });
}

/** Programs of npm are scripts for its shell there. */
function isWindows() {
  return process.platform === 'win32';
}
