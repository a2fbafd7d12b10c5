import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { EmbeddedError, useOwnServer } from './embedded-error.ts';

/**
 * The account that runs PostgreSQL's programs. `self`: the current user. PostgreSQL does not run as root, so for root
 * it is the system user `postgres`; `throughClosedFolders` if that user must reach a directory that only root may
 * enter.
 */
export type Account =
  | { kind: 'self' }
  | { kind: 'postgres'; uid: number; gid: number; throughClosedFolders: boolean };

/** Whether a program succeeded, and its output. */
export type Outcome = { isSuccess: boolean; output: string };

const self: Account = { kind: 'self' };

/**
 * Chooses the account, and creates the user `postgres` for root if it is missing. `mustReach` are the files and
 * directories that the account needs. Throws EmbeddedError if it cannot reach them.
 */
export async function findAccount(mustReach: readonly string[]): Promise<Account> {
  if (process.getuid?.() !== 0) return self;
  const ids = (await findIds()) ?? (await createUser());
  const plain: Account = { kind: 'postgres', ...ids, throughClosedFolders: false };
  if (await canReach(plain, mustReach)) return plain;
  const helped: Account = { ...plain, throughClosedFolders: true };
  if (await canReach(helped, mustReach)) return helped;
  const closed = await findClosedFolder(mustReach);
  throw new EmbeddedError(
    `PostgreSQL does not run as root, and the user postgres cannot enter ${closed}: ` +
      `move the project, open that directory (chmod o+x), run as another user, ${useOwnServer}`,
  );
}

/** Runs a program to its end as `account`; never rejects. */
export function run(account: Account, program: string, args: readonly string[]): Promise<Outcome> {
  const [command = program, ...rest] = buildCommand(account, [program, ...args]);
  const ids =
    account.kind === 'postgres' && !account.throughClosedFolders
      ? { uid: account.uid, gid: account.gid }
      : {};
  return new Promise((resolve) => {
    // The account may have no access to the current working directory.
    const child = spawn(command, rest, {
      ...ids,
      cwd: path.parse(process.execPath).root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => resolve({ isSuccess: false, output: error.message }));
    child.on('close', (code) => resolve({ isSuccess: code === 0, output: output.trim() }));
  });
}

/**
 * For a directory such as /root (mode 0700) the user postgres gets exactly one capability of root: to bypass file
 * permissions (CAP_DAC_OVERRIDE, which containers have by default). Without no_setuid_fixup it would not apply to
 * access(2), which PostgreSQL uses to find its programs (man 7 capabilities). Not used if the directories are open.
 */
function buildCommand(account: Account, command: readonly string[]): readonly string[] {
  if (account.kind === 'self' || !account.throughClosedFolders) return command;
  return [
    'setpriv',
    `--reuid=${account.uid}`,
    `--regid=${account.gid}`,
    '--clear-groups',
    '--securebits=+no_setuid_fixup',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
    '--',
    ...command,
  ];
}

async function canReach(account: Account, paths: readonly string[]): Promise<boolean> {
  const test = 'for p in "$@"; do test -x "$p" || exit 1; done';
  return (await run(account, '/bin/sh', ['-c', test, 'sh', ...paths])).isSuccess;
}

async function findIds(): Promise<{ uid: number; gid: number } | null> {
  const outcomes = await Promise.all([
    run(self, 'id', ['-u', 'postgres']),
    run(self, 'id', ['-g', 'postgres']),
  ]);
  if (!outcomes.every((outcome) => outcome.isSuccess)) return null;
  const [uid = Number.NaN, gid = Number.NaN] = outcomes.map((outcome) => Number(outcome.output));
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid } : null;
}

/** Both commands fail if a concurrent start was first, so only the result is checked. */
async function createUser(): Promise<{ uid: number; gid: number }> {
  await run(self, 'groupadd', ['--system', 'postgres']);
  const created = await run(self, 'useradd', [
    ...['--system', '--gid', 'postgres', '--no-create-home'],
    ...['--shell', '/usr/sbin/nologin', 'postgres'],
  ]);
  const ids = await findIds();
  if (ids) return ids;
  throw new EmbeddedError(
    `PostgreSQL does not run as root, and the user postgres could not be created ` +
      `(${created.output}): create it, run as another user, ${useOwnServer}`,
  );
}

/** The topmost directory on the way to one of the paths that other users cannot enter. */
async function findClosedFolder(paths: readonly string[]): Promise<string> {
  for (const target of paths) {
    const { root } = path.parse(target);
    let folder = root;
    for (const part of path.relative(root, target).split(path.sep)) {
      folder = path.join(folder, part);
      if (((await stat(folder)).mode & 0o001) === 0) return folder;
    }
  }
  return paths.join(' or ');
}
