import '../../support/in-run-folder.ts';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { createCsv } from '../../support/import-rows.ts';
import { describeMachine, openStage, print } from './stage.ts';

// The duration of `tenantry user import` for users with argon2id hashes, in its own process, and of a second import of the
// same file. Then an import into an empty database is killed half-way and repeated: no user may be missing or duplicated.

const users = Number(process.argv[2] ?? 100_000);
const secondsMax = 30;

const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-import-'));
const stage = await openStage();
try {
  const file = path.join(folder, 'people.csv');
  await pipeline(Readable.from(createCsv(1, users)), createWriteStream(file));
  const databaseUrl = await stage.createDatabase('user_import');
  print(`machine: ${describeMachine()}`);
  const seconds = await timeImport('into an empty database', databaseUrl, file);
  await timeImport('again, with all users present', databaseUrl, file);

  const otherUrl = await stage.createDatabase('user_import_killed');
  const { child, ended } = startImport(otherUrl, file);
  await killHalfway(child, otherUrl);
  await ended;
  print(`killed with ${await countUsers(otherUrl)} users written`);
  await timeImport('started again', otherUrl, file);
  const found = await countUsers(otherUrl);

  const verdicts = [
    [`under ${secondsMax} s`, seconds < secondsMax],
    [`exactly ${users} users after the kill`, found === users],
  ] as const;
  for (const [name, isMet] of verdicts) print(`${name}: ${isMet ? 'met' : 'NOT MET'}`);
  process.exitCode = verdicts.every(([, isMet]) => isMet) ? 0 : 1;
} finally {
  await stage.clear();
  await rm(folder, { recursive: true, force: true });
}

function startImport(databaseUrl: string, file: string) {
  const tenantry = fileURLToPath(new URL('../../../src/cli/tenantry.js', import.meta.url));
  const child = spawn(process.execPath, [tenantry, 'user', 'import', file], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  return { child, ended };
}

async function timeImport(label: string, databaseUrl: string, file: string): Promise<number> {
  const began = performance.now();
  const { code, output } = await startImport(databaseUrl, file).ended;
  if (code !== 0) throw new Error(`the import ended with ${code}`);
  const seconds = (performance.now() - began) / 1_000;
  print(`${label}: ${seconds.toFixed(1)} s including the start of the process. ${output.trim()}`);
  return seconds;
}

/** Kills the process in the middle of a batch. */
async function killHalfway(child: ChildProcess, databaseUrl: string): Promise<void> {
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  while (isRunning() && (await countUsers(databaseUrl)) < users / 2) await setTimeout(50);
  if (!isRunning()) throw new Error('the import ended before it was half-way');
  child.kill('SIGKILL');
}

async function countUsers(databaseUrl: string): Promise<number> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query('select count(*)::int as count from users');
    return rows[0].count;
  } finally {
    await client.end();
  }
}
