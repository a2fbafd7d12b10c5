import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createCsv } from '../support/import-rows.ts';
import { describeMachine, openStage, print } from './stage.ts';

// How long `tenantry user import` takes for people with argon2id hashes, as a process of its own, and
// again for the same file, when everybody is there already.

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
  await timeImport('once more, everybody is there', databaseUrl, file);
  const isHeld = seconds < secondsMax;
  print(`under ${secondsMax} s: ${isHeld ? 'held' : 'NOT HELD'}`);
  process.exitCode = isHeld ? 0 : 1;
} finally {
  await stage.clear();
  await rm(folder, { recursive: true, force: true });
}

async function timeImport(what: string, databaseUrl: string, file: string): Promise<number> {
  const tenantry = fileURLToPath(new URL('../../src/cli/tenantry.js', import.meta.url));
  const began = performance.now();
  const child = spawn(process.execPath, [tenantry, 'user', 'import', file], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let answer = '';
  child.stdout.on('data', (chunk) => {
    answer += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the import ended with ${code}`);
  const seconds = (performance.now() - began) / 1_000;
  print(`${what}: ${seconds.toFixed(1)} s with the start of the process. ${answer.trim()}`);
  return seconds;
}
