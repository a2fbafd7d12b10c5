import { once } from 'node:events';
import { expect } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createTestDatabase } from '../support/cluster.ts';
import { type Ended, type Environment, spawnScript } from './fixture.ts';

/** A process that runs commands one after the other, because each start takes a second. */
export type CommandSeries = {
  /** Runs `tenantry` with these arguments to its end, without a terminal. */
  run: (...args: string[]) => Promise<Ended>;
  close: () => Promise<void>;
};

/** A server, and commands that run on its database. */
export type OperatedApp = TestApp & {
  ownerUrl: string;
  run: CommandSeries['run'];
  /** Runs a command and returns its JSON document; the command must end with 0. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read responses of any shape.
  runJson: (...args: string[]) => Promise<any>;
  /** The same for a list, which has one object per line. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read responses of any shape.
  runLines: (...args: string[]) => Promise<any[]>;
};

/** Starts one for a test file; close it in `afterAll`. */
export async function startOperatedApp(): Promise<OperatedApp> {
  const database = await createTestDatabase();
  const app = await startTestApp({}, { database });
  const { ownerUrl } = database;
  // The server's own secret, as in any installation.
  const environment = {
    DATABASE_URL: ownerUrl,
    TENANTRY_SECRET: 'a secret that only the tests know',
  };
  const { run, close } = startSeries(environment);
  // Loads the modules of commands before a test waits for them.
  await run('tenant', 'list');
  const succeed = async (args: string[]) => {
    const { code, stdout, stderr } = await run(...args, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };
  return {
    ...app,
    ownerUrl,
    run,
    async close() {
      await close();
      await app.close();
    },
    runJson: async (...args) => JSON.parse(await succeed(args)),
    runLines: async (...args) => {
      const lines = (await succeed(args)).split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line));
    },
  };
}

/** Marks the end of each command, on its own line of both outputs. */
const mark = '#ended';
const serveCommands = `
  import { createInterface } from 'node:readline';
  import { run } from '#root/src/cli/main.ts';
  // Each command waits for signals; here one process runs many.
  process.setMaxListeners(0);
  for await (const line of createInterface({ input: process.stdin })) {
    const code = await run(JSON.parse(line));
    process.stderr.write('${mark}\\n');
    process.stdout.write('${mark} ' + code + '\\n');
  }
`;

/** Starts the process; close it at the end. */
export function startSeries(environment: Environment): CommandSeries {
  const child = spawnScript(serveCommands, environment);
  const exited = once(child, 'exit');
  const printed = { stdout: '', stderr: '' };
  let check = () => {};
  for (const output of ['stdout', 'stderr'] as const) {
    child[output]?.setEncoding('utf8').on('data', (text: string) => {
      printed[output] += text;
      check();
    });
  }
  const finish = (): Ended | null => {
    const [, stdout, code] = /^([\s\S]*)#ended (\d)\n$/.exec(printed.stdout) ?? [];
    const [, stderr] = /^([\s\S]*)#ended\n$/.exec(printed.stderr) ?? [];
    if (stdout === undefined || stderr === undefined) return null;
    return { code: Number(code), stdout, stderr };
  };
  return {
    run: (...args) =>
      new Promise((resolve, reject) => {
        Object.assign(printed, { stdout: '', stderr: '' });
        check = () => {
          const ended = finish();
          if (ended) resolve(ended);
        };
        void exited.then(() => reject(new Error(`the process is gone: ${printed.stderr}`)));
        child.stdin?.write(`${JSON.stringify(args)}\n`);
      }),
    async close() {
      child.stdin?.end();
      await exited;
    },
  };
}

/** Returns the events of operators in a chain of the audit log, in order. */
export async function listOperatorEvents(app: TestApp, chainId: string) {
  const { rows } = await app.owner.query<{ action: string; changes: object }>(
    `select action, changes from audit_events
     where chain_id = $1 and actor_id is null order by sequence`,
    [chainId],
  );
  return rows;
}

/** An error: one line on standard error, nothing on standard output. */
export function rejection(code: number, message: string) {
  return { code, stdout: '', stderr: `error: ${message}\n` };
}
