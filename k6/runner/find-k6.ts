import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const isWindows = process.platform === 'win32';

/** Instructions for people without k6. */
export const howToGetK6 = `k6 was found neither on the PATH nor where Go puts programs. To get it:
  macOS            brew install k6
  Windows          winget install k6 --source winget
  Debian, Fedora   packages of Grafana: https://grafana.com/docs/k6/latest/set-up/install-k6/
  anywhere with Go go install go.k6.io/k6/v2@v2.1.0
It is a program of its own under the AGPL; Tenantry neither contains nor links any of it.`;

/** The scripts are TypeScript and use what k6 has since this major version. */
const majorMin = 2;

/** The path of k6, or null: from the PATH, else from where `go install` puts it. */
export async function findK6(environment: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  const folders = [
    ...(environment.PATH ?? '').split(path.delimiter),
    ...(await listGoFolders(environment)),
  ];
  const name = isWindows ? 'k6.exe' : 'k6';
  for (const folder of folders.filter(Boolean)) {
    const file = path.join(folder, name);
    if (await isProgram(file)) return file;
  }
  return null;
}

/** Its version, such as `v2.1.0`. Throws, with a sentence for people, for one that is too old. */
export async function checkK6(file: string): Promise<string> {
  const { stdout } = await run(file, ['version']);
  const [, version = '', major = '0'] = /k6(?:\.exe)? (v(\d+)\.\S+)/.exec(stdout) ?? [];
  if (Number(major) >= majorMin) return version;
  throw new Error(
    `${file} is ${version || 'of an unknown version'}; k6 ${majorMin} or newer is needed`,
  );
}

async function listGoFolders(environment: NodeJS.ProcessEnv): Promise<string[]> {
  const asked = run('go', ['env', 'GOBIN', 'GOPATH'], { env: environment });
  const { stdout } = await asked.catch(() => ({ stdout: '' }));
  const [goBin = '', goPath = ''] = stdout.split(/\r?\n/);
  return [goBin, ...goPath.split(path.delimiter).map((each) => each && path.join(each, 'bin'))];
}

function isProgram(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
