// Importing this module guarantees a Node that runs TypeScript files as they are. On an older one
// it runs the same command under the Node that npm installed for this platform and ends the way
// that one ends, or prints one clear line and exits 1. Plain JavaScript with no dependency, so
// that an old Node can parse it; import it before anything written in TypeScript.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// Type stripping needs no flag from 22.18 on (nodejs.org/api/typescript.html).
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isFit = major > 22 || (major === 22 && minor >= 18);

if (!isFit) {
  const node = findInstalledNode();
  if (node) await handOver(node);
  console.error(
    `tenantry needs Node 22.18 or newer and this is ${process.version}: ` +
      'run `npm ci`, which brings Node 24 on common platforms, or install a newer Node.',
  );
  process.exit(1);
}

/** The Node that npm installed for this platform, as a path, or undefined where there is none. */
function findInstalledNode() {
  const isWindows = process.platform === 'win32';
  const platform = `${isWindows ? 'win' : process.platform}-${process.arch}`;
  return [`node-${platform}`, `node-bin-${platform}`]
    .map((name) => `../../node_modules/${name}/bin/${isWindows ? 'node.exe' : 'node'}`)
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
}

/** Runs this same command under `node`; never resolves if that could be started. */
function handOver(node) {
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  // A Ctrl-C reaches the whole process group by itself: stay until the child has cleaned up.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  return new Promise((resolve) => {
    child.on('error', resolve);
    child.on('exit', (code, signal) => {
      if (!signal) process.exit(code ?? 1);
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    });
  });
}
