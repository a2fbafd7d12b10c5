import '../test/support/in-run-folder.ts';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readArguments, UsageError } from './runner/arguments.ts';
import { checkK6, findK6, howToGetK6 } from './runner/find-k6.ts';
import { runScenario } from './runner/run-scenario.ts';
import { startStand } from './runner/stand.ts';

// `npm run k6`: runs scenarios against the given server or one of its own, and prints what was held.
// Exit codes: 0 all held, 1 something was missed or failed, 2 called in a way that cannot work.

const folder = fileURLToPath(new URL('../reports/k6/', import.meta.url));

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function main(): Promise<number> {
  const asked = readArguments(process.argv.slice(2));
  const k6 = await findK6();
  if (k6 === null) {
    console.error(howToGetK6);
    return 1;
  }
  console.log(`k6 ${await checkK6(k6)}`);
  await mkdir(folder, { recursive: true });
  // k6 ends in order by itself at a Ctrl-C; stay for its verdict and for our own tidying.
  process.on('SIGINT', () => undefined);
  const stand = asked.url === undefined ? await openStand(asked.users) : null;
  const url = asked.url ?? stand?.url ?? '';
  const environment = stand?.environment ?? {};
  const missed: string[] = [];
  try {
    for (const scenario of asked.scenarios) {
      console.log(`\n${scenario}, ${asked.profile}, against ${url}`);
      const isHeld = await runScenario({ ...asked, k6, scenario, url, folder, environment });
      if (!isHeld) missed.push(scenario);
    }
  } finally {
    await stand?.end();
  }
  console.log(`\nReports are in ${folder}`);
  console.log(missed.length === 0 ? 'All held.' : `NOT HELD: ${missed.join(', ')}`);
  return missed.length === 0 ? 0 : 1;
}

function openStand(users: number) {
  console.log(`making a database with ${users} users and starting a server on it …`);
  return startStand({ users, logFile: `${folder}server.log` });
}
