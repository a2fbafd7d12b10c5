import type { HotQuery } from './hot.ts';
import type { Index } from './indexes.ts';
import type { Ledger, Statement } from './statements.ts';

/** What was found at one size. */
export type Findings = {
  users: number;
  seconds: number;
  rows: readonly { table: string; rows: number }[];
  ledger: Ledger;
  indexes: readonly Index[];
  unused: readonly string[];
  hot: readonly HotQuery[];
  /** The same without any tuning, for some of the arguments. */
  before: readonly HotQuery[];
  /** What those arguments take with it. */
  compared: readonly HotQuery[];
};

/** From this share of the users on a table is big: to read all of it for one answer cannot be right. */
const bigShare = 0.1;

const smallRowsMax = 10_000;

/** What reads a whole table because it was asked for the whole table. */
const wholesale: readonly [operation: RegExp, reason: string][] = [
  [/with a count$/, 'how many there are in all is counted'],
  [/^Query\.monitoring$/, 'sizes and activity of everything'],
  [
    /^(deleting what has expired|cleanupExpiredData)$/,
    'a step in the background, bounded by its limit',
  ],
];

/** Everything that is not as it should be, in words; nothing where all is well. */
export function judge(findings: Findings, smaller: Findings | null): string[] {
  return [
    ...listScans(findings),
    ...findings.indexes
      .filter(({ scans, isUnique, table }) => scans === 0 && !isUnique && !isSmall(findings, table))
      .map(({ name, table }) => `no statement used the index ${name} of ${table}`),
    ...findings.unused.map((place) => `no operation asks for ${place}`),
    ...(smaller === null ? [] : listTurned(findings, smaller)),
    ...findings.hot
      .filter(({ p95Ms, p95MsMax }) => p95Ms > p95MsMax)
      .map(
        ({ name, p95Ms, p95MsMax }) => `${name}: p95 ${p95Ms.toFixed(2)} ms, at most ${p95MsMax}`,
      ),
  ];
}

/** Of a small table all is read sooner than an index: whether that earns its place shows at more. */
function isSmall({ rows }: Findings, name: string): boolean {
  return (rows.find(({ table }) => table === name)?.rows ?? 0) < smallRowsMax;
}

function listScans({ ledger, rows, users }: Findings): string[] {
  const big = new Set(
    rows.filter((table) => table.rows >= bigShare * users).map(({ table }) => table),
  );
  return [...ledger.values()]
    .filter((statement) => !isWholesale(statement))
    .flatMap((statement) => {
      const tables = [...statement.scannedTables].filter((table) => big.has(table));
      if (tables.length === 0) return [];
      const asked = [...statement.operations].join(', ');
      return [`${asked}: reads all of ${tables.join(', ')}: ${statement.text.slice(0, 160)}`];
    });
}

/** What went by an index while there was little, and reads the whole table now. */
function listTurned({ ledger, rows, users }: Findings, smaller: Findings): string[] {
  const big = new Set(
    rows.filter((table) => table.rows >= bigShare * users).map(({ table }) => table),
  );
  return [...ledger.values()].flatMap((statement) => {
    const before = smaller.ledger.get(statement.text);
    if (!before || isWholesale(statement)) return [];
    const turned = [...statement.scannedTables].filter(
      (table) => big.has(table) && !before.scannedTables.has(table),
    );
    if (turned.length === 0) return [];
    return [
      `reads all of ${turned.join(', ')} now that there is more: ${statement.text.slice(0, 160)}`,
    ];
  });
}

function isWholesale({ operations }: Statement): boolean {
  return [...operations].every((operation) => wholesale.some(([form]) => form.test(operation)));
}

export const wholesaleReasons = wholesale.map(([form, reason]) => `\`${form.source}\`: ${reason}`);
