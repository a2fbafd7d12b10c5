import type { HotQuery } from './hot.ts';
import type { Index } from './indexes.ts';
import type { Statement, StatementsByText } from './statements.ts';

/** The results at one size of database. */
export type Findings = {
  users: number;
  seconds: number;
  rows: readonly { table: string; rows: number }[];
  statements: StatementsByText;
  indexes: readonly Index[];
  unused: readonly string[];
  hot: readonly HotQuery[];
  /** The hot queries without tuning, with some of the arguments. */
  before: readonly HotQuery[];
  /** The hot queries with tuning, with the same arguments. */
  compared: readonly HotQuery[];
};

/** A table with at least this share of the number of users is large, and must not be read whole for one response. */
const bigShare = 0.1;

const smallRowsMax = 10_000;

/** Operations that need every row. */
const fullReads: readonly [operation: RegExp, reason: string][] = [
  [/with totalCount$/, 'counts all rows'],
  [/^Query\.monitoring$/, 'reads statistics of everything'],
  [
    /^(deleting expired data|cleanupExpiredData)$/,
    'a background step with a limited number of rows',
  ],
];

/** All violations as text; empty if there are none. */
export function listViolations(findings: Findings, smaller: Findings | null): string[] {
  return [
    ...listScans(findings),
    ...findings.indexes
      .filter(({ scans, isUnique, table }) => scans === 0 && !isUnique && !isSmall(findings, table))
      .map(({ name, table }) => `no statement used the index ${name} of ${table}`),
    ...findings.unused.map((place) => `no operation uses ${place}`),
    ...(smaller === null ? [] : listChangedPlans(findings, smaller)),
    ...findings.hot
      .filter(({ p95Ms, p95MsMax }) => p95Ms > p95MsMax)
      .map(
        ({ name, p95Ms, p95MsMax }) => `${name}: p95 ${p95Ms.toFixed(2)} ms, limit ${p95MsMax} ms`,
      ),
  ];
}

/** PostgreSQL reads a small table whole rather than through an index, so its indexes are checked at larger sizes. */
function isSmall({ rows }: Findings, name: string): boolean {
  return (rows.find(({ table }) => table === name)?.rows ?? 0) < smallRowsMax;
}

function listScans({ statements, rows, users }: Findings): string[] {
  const big = new Set(
    rows.filter((table) => table.rows >= bigShare * users).map(({ table }) => table),
  );
  return [...statements.values()]
    .filter((statement) => !needsAllRows(statement))
    .flatMap((statement) => {
      const tables = [...statement.scannedTables].filter((table) => big.has(table));
      if (tables.length === 0) return [];
      const operations = [...statement.operations].join(', ');
      return [`${operations}: reads all of ${tables.join(', ')}: ${statement.text.slice(0, 160)}`];
    });
}

/** Statements that used an index at the smaller size and now read the whole table. */
function listChangedPlans({ statements, rows, users }: Findings, smaller: Findings): string[] {
  const big = new Set(
    rows.filter((table) => table.rows >= bigShare * users).map(({ table }) => table),
  );
  return [...statements.values()].flatMap((statement) => {
    const before = smaller.statements.get(statement.text);
    if (!before || needsAllRows(statement)) return [];
    const changed = [...statement.scannedTables].filter(
      (table) => big.has(table) && !before.scannedTables.has(table),
    );
    if (changed.length === 0) return [];
    return [
      `reads all of ${changed.join(', ')} at this size, but not at the smaller one: ${statement.text.slice(0, 160)}`,
    ];
  });
}

function needsAllRows({ operations }: Statement): boolean {
  return [...operations].every((operation) => fullReads.some(([form]) => form.test(operation)));
}

export const fullReadReasons = fullReads.map(([form, reason]) => `\`${form.source}\`: ${reason}`);
