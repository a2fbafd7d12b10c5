import { settings } from './settings.ts';

const prefix = 'TENANTRY_';

/** The names of all settings, in the order of the table. */
export const settingNames: readonly string[] = Object.values(settings).flatMap(Object.keys);

/** Whether a server that listens on `host` is only reachable from this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Returns a problem, with the nearest name, for each variable with our prefix that is no setting: without it, a misspelt
 * variable would silently leave the default in force.
 */
export function findUnknownNames(env: Record<string, string | undefined>): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && !settingNames.includes(name))
    .map((name) => `${name} is not a setting; did you mean ${findNearest(name)}?`);
}

/** Compares the name with and without the prefix, which may be the mistake. */
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
