/** An error of the database, in the terms that the domains decide by. */
export type DatabaseFaultKind =
  | 'unavailable'
  | 'busy'
  | 'unique'
  | 'foreign-key'
  | 'check'
  | 'denied'
  | 'malformed';

/** A fault of the database with the constraint it broke, where there is one. */
export class DatabaseFault extends Error {
  readonly kind: DatabaseFaultKind;
  readonly constraint: string | null;
  constructor(kind: DatabaseFaultKind, constraint: string | null, cause: unknown) {
    super(`Database fault: ${kind}${constraint ? ` (${constraint})` : ''}`, { cause });
    this.name = 'DatabaseFault';
    this.kind = kind;
    this.constraint = constraint;
  }
}

/** SQLSTATE (or its class) to kind: https://www.postgresql.org/docs/18/errcodes-appendix.html */
const kindBySqlState: Record<string, DatabaseFaultKind> = {
  '08': 'unavailable',
  '57P01': 'unavailable',
  '57P02': 'unavailable',
  '57P03': 'unavailable',
  // "is not currently accepting connections", as a template or while it is being renamed.
  '55000': 'unavailable',
  '25006': 'unavailable',
  '25P02': 'unavailable',
  '28': 'unavailable',
  '3D000': 'unavailable',
  '53': 'unavailable',
  '55P03': 'busy',
  '57014': 'busy',
  '40001': 'busy',
  '40P01': 'busy',
  '23505': 'unique',
  '23503': 'foreign-key',
  '23514': 'check',
  '42501': 'denied',
  '22': 'malformed',
};

/** Faults that reach us without any SQLSTATE: from the pool, the socket or Prisma itself, always in English. */
const unavailableMessages =
  /timeout exceeded when trying to connect|Connection terminated|connection error|Query read timeout|Can't reach database|DatabaseNotReachable|ConnectionClosed|SocketTimeout|Unable to start a transaction|Transaction already closed|ECONNREFUSED|ECONNRESET|Client was closed|pool after calling end/i;

/** Error codes for a server that is down; Prisma renames some of them. */
const unavailableCodes =
  /^(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE)$/;

type Shape = {
  code?: unknown;
  message?: unknown;
  originalCode?: unknown;
  originalMessage?: unknown;
  constraint?: unknown;
  kind?: unknown;
  cause?: unknown;
  meta?: { driverAdapterError?: unknown };
};

/**
 * Turns any error of the driver or of Prisma into a DatabaseFault, by SQLSTATE and message (Prisma's
 * own codes are uneven); everything else comes back as it is.
 */
export function mapDatabaseError(error: unknown): unknown {
  if (error instanceof DatabaseFault) return error;
  for (const layer of layersOf(error)) {
    const sqlState = readSqlState(layer);
    const kind = sqlState && (kindBySqlState[sqlState] ?? kindBySqlState[sqlState.slice(0, 2)]);
    if (kind) {
      const constraint = sqlState.startsWith('23') ? findConstraint(layer) : null;
      return new DatabaseFault(kind, constraint, error);
    }
  }
  const isUnavailable = layersOf(error).some(
    (layer) =>
      unavailableCodes.test(String(layer.code)) ||
      unavailableMessages.test(String(layer.message)) ||
      unavailableMessages.test(String(layer.kind)),
  );
  return isUnavailable ? new DatabaseFault('unavailable', null, error) : error;
}

/** True when a connection that had been good ended under a statement: another one may well be good. */
export function isConnectionCut(error: unknown): boolean {
  return layersOf(error).some(
    ({ code, originalCode, message }) =>
      [code, originalCode].some((state) => state === '57P01' || state === '57P02') ||
      /Connection terminated unexpectedly|ECONNRESET/.test(String(message)),
  );
}

/** The code that the database answered with, or null where it did not get to that. */
export function findSqlState(error: unknown): string | null {
  return (
    layersOf(error)
      .map(readSqlState)
      .find((sqlState) => sqlState !== undefined) ?? null
  );
}

/** The message of the error that caused all others, as the driver or the server wrote it. */
export function findRootMessage(error: unknown): string {
  const messages = layersOf(error).map(
    ({ originalMessage, message }) => originalMessage ?? message,
  );
  return String(messages.findLast((message) => message) ?? error);
}

/** True when the database refused a row because of this unique (or other) constraint. */
export function isBrokenConstraint(error: unknown, constraint: string): boolean {
  return error instanceof DatabaseFault && error.constraint === constraint;
}

/** Codes of Prisma (P1001, P2039) and of the system (EPIPE) look alike. */
function readSqlState({ originalCode, code }: Shape): string | undefined {
  return [originalCode, code].find(
    (one) =>
      typeof one === 'string' && /^[0-9A-Z]{5}$/.test(one) && !/^P[12]\d{3}$|^E[A-Z]+$/.test(one),
  ) as string | undefined;
}

function layersOf(error: unknown): Shape[] {
  const layers: Shape[] = [];
  let next: unknown = error;
  while (typeof next === 'object' && next !== null && layers.length < 6) {
    const layer = next as Shape;
    layers.push(layer);
    next = layer.meta?.driverAdapterError ?? layer.cause;
  }
  return layers;
}

/** Prisma keeps only the message of a broken check. Every language quotes its name, in its own way, and last. */
const quotedName = /["'`«»‹›„“”‚‘’「『]\s?([a-z][a-z0-9_]*)\s?["'`«»‹›„“”‚‘’」』]/g;

function findConstraint(layer: Shape): string | null {
  const { constraint } = layer;
  if (typeof constraint === 'string') return constraint;
  if (typeof constraint === 'object' && constraint !== null && 'index' in constraint) {
    return String(constraint.index);
  }
  const message = String(layer.originalMessage ?? layer.message);
  return [...message.matchAll(quotedName)].at(-1)?.[1] ?? null;
}
