import { settings } from './settings.ts';

const prefix = 'TENANTRY_';

/** Every setting's name, in the order of the table. */
export const settingNames: readonly string[] = Object.values(settings).flatMap(Object.keys);

/** Whether only this machine can reach a server that listens on `host`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * One fault for each variable that carries our prefix without being a setting, with the nearest
 * name: a misspelt variable would otherwise be a default in force that nobody chose.
 */
export function findUnknownNames(env: Record<string, string | undefined>): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && !settingNames.includes(name))
    .map((name) => `${name} is no setting; did you mean ${findNearest(name)}?`);
}

/** The prefix may itself be the mistake, so the name is compared with and without it. */
function findNearest(name: string): string {
  const spellings = [name, name.slice(prefix.length)];
  const distances = settingNames.map((known) => ({
    known,
    distance: Math.min(...spellings.map((spelling) => measureDistance(spelling, known))),
  }));
  distances.sort((a, b) => a.distance - b.distance);
  return distances[0]?.known ?? '';
}

/** Levenshtein's edit distance, one row at a time (Wagner and Fischer, 1974). */
function measureDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...b].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
