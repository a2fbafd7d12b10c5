import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const toolsDir = fileURLToPath(new URL('../../.tools/bin', import.meta.url));

/**
 * The path of a program that npm does not have, from `.ci/install-tools` or from PATH. Returns null with a warning if
 * it is missing; its tests are skipped then.
 */
export function findTool(name: string): string | null {
  const folders = [toolsDir, ...(process.env.PATH ?? '').split(path.delimiter)];
  const found = folders.map((folder) => path.join(folder, name)).find(isProgram);
  if (found !== undefined) return found;
  console.warn(`*** NO ${name}: its tests are SKIPPED. ".ci/install-tools ${name}" gets it. ***`);
  return null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
