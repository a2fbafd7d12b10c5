import { spawn, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isValid } from '../support/credentials.ts';
import { createPerson, createTeam } from '../support/people.ts';
import { collect, waitForText } from './fixture.ts';
import { listOperatorEvents, type OperatedApp, startOperatedApp } from './operator-fixture.ts';

// `script` of util-linux runs a program in a terminal; on other systems it takes other arguments.
const hasTerminal =
  process.platform === 'linux' &&
  spawnSync('script', ['--version'], { stdio: 'ignore' }).status === 0;

let app: OperatedApp;
beforeAll(async () => {
  app = await startOperatedApp();
});
afterAll(() => app.close());

const ctrlC = '\u0003';

/** Runs `tenantry` in a terminal and types `answer` at the prompt. */
async function runAtTerminal(args: string[], prompt: RegExp, answer: string) {
  const tenantry = fileURLToPath(new URL('../../src/cli/tenantry.js', import.meta.url));
  const words = [process.execPath, tenantry, ...args].map((word) => `'${word}'`);
  const child = spawn('script', ['-qefc', words.join(' '), '/dev/null'], {
    cwd: tmpdir(),
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_ENV: 'test',
      NO_COLOR: '1',
      DATABASE_URL: app.ownerUrl,
      TENANTRY_SECRET: 'a secret that only the tests know',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = collect(child);
  await waitForText(child, prompt);
  child.stdin.write(answer);
  const { code, stdout } = await ended;
  return { code, screen: stdout };
}

describe.runIf(hasTerminal)('at a terminal', () => {
  test('a tenant is deleted only after its slug is typed', async () => {
    const team = await createTeam(app);
    const remove = (answer: string) =>
      runAtTerminal(['tenant', 'delete', team.slug], /Type .* to go on: /, answer);
    expect(await remove('acme\r')).toMatchObject({ code: 1 });
    expect(await remove(ctrlC)).toMatchObject({
      code: 1,
      screen: expect.stringContaining('Nothing was changed.'),
    });
    expect(await listOperatorEvents(app, team.tenantUuid)).toEqual([]);
    expect(await remove(`${team.slug}\r`)).toMatchObject({ code: 0 });
    expect(await listOperatorEvents(app, team.tenantUuid)).toMatchObject([
      { action: 'tenant.deletion_scheduled' },
    ]);
  });

  test('an irreversible command runs only after a yes', async () => {
    const person = await createPerson(app);
    const revoke = (answer: string) =>
      runAtTerminal(['session', 'revoke', '--user', person.email], /Go on\? \[y\/N\] /, answer);
    for (const answer of ['\r', 'n\r', 'yesterday\r', ctrlC]) {
      expect(await revoke(answer), JSON.stringify(answer)).toMatchObject({
        code: 1,
        screen: expect.stringContaining('Nothing was changed.'),
      });
    }
    expect(await isValid(person)).toBe(true);
    expect(await revoke('y\r')).toMatchObject({ code: 0 });
    expect(await isValid(person)).toBe(false);
  });
});
