import type {
  ConnectionUse,
  IndexUsage,
  Recommendation,
  SlowQuery,
  TableStat,
  UserActivity,
} from '../../domains/monitoring/queries.ts';
import type { ListView } from '../list.ts';
import { formatTime } from '../table.ts';

export const slowQueryList: ListView<SlowQuery> = {
  noun: 'statements that slow',
  toJson: (row) => row,
  columns: [
    { title: 'MEAN MS', toText: ({ meanMs }) => meanMs.toFixed(1) },
    { title: 'CALLS', toText: ({ calls }) => calls },
    { title: 'TOTAL MS', toText: ({ totalMs }) => totalMs.toFixed(0) },
    { title: 'ROWS', toText: ({ rows }) => rows },
    { title: 'STATEMENT', toText: ({ query }) => toOneLine(query), isFlexible: true },
  ],
};

export const connectionList: ListView<ConnectionUse> = {
  noun: 'connections',
  toJson: (row) => row,
  columns: [
    { title: 'USED', toText: ({ used }) => used },
    { title: 'IDLE IN TRANSACTION', toText: ({ idleInTransaction }) => idleInTransaction },
    { title: 'AT MOST', toText: ({ max }) => max },
  ],
};

export const cacheList: ListView<{ hitRatio: number }> = {
  noun: 'statistics',
  toJson: (row) => row,
  columns: [
    { title: 'FOUND IN MEMORY', toText: ({ hitRatio }) => `${(100 * hitRatio).toFixed(2)} %` },
  ],
};

export const activityList: ListView<UserActivity> = {
  noun: 'days',
  toJson: ({ day, ...counts }) => ({ day: toDay(day), ...counts }),
  columns: [
    { title: 'DAY', toText: ({ day }) => toDay(day) },
    { title: 'SIGN-INS', toText: ({ signIns }) => signIns },
    { title: 'REFUSED', toText: ({ failedSignIns }) => failedSignIns },
    { title: 'ACTIVE USERS', toText: ({ activeUsers }) => activeUsers },
    { title: 'NEW USERS', toText: ({ newUsers }) => newUsers },
  ],
};

export const indexList: ListView<IndexUsage> = {
  noun: 'such indexes',
  toJson: (row) => row,
  columns: [
    { title: 'INDEX', toText: ({ index }) => index },
    { title: 'TABLE', toText: ({ table }) => table },
    { title: 'SCANS', toText: ({ scans }) => scans },
    { title: 'SIZE', toText: ({ bytes }) => formatBytes(bytes) },
  ],
};

export const tableList: ListView<TableStat> = {
  noun: 'tables',
  toJson: (row) => row,
  columns: [
    { title: 'TABLE', toText: ({ table }) => table },
    { title: 'ROWS', toText: ({ rows }) => rows },
    { title: 'DEAD', toText: ({ deadRows }) => deadRows },
    { title: 'SIZE', toText: ({ bytes }) => formatBytes(bytes) },
    { title: 'LAST VACUUM', toText: ({ lastVacuum }) => formatTime(lastVacuum) },
    { title: 'LAST ANALYZE', toText: ({ lastAnalyze }) => formatTime(lastAnalyze) },
  ],
};

export const adviceList: ListView<Recommendation> = {
  noun: 'advice',
  toJson: (row) => row,
  columns: [
    { title: 'SEVERITY', toText: ({ severity }) => severity },
    { title: 'ABOUT', toText: ({ subject }) => subject },
    { title: 'ADVICE', toText: ({ advice }) => advice },
  ],
};

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** In powers of 1,024, as PostgreSQL counts. */
function formatBytes(bytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1_024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

function toDay(day: Date): string {
  return day.toISOString().slice(0, 10);
}

function toOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
