/** The kinds of database error that the domains distinguish. */
export type DatabaseErrorKind =
  | 'unavailable'
  | 'busy'
  | 'unique'
  | 'foreign-key'
  | 'check'
  | 'denied'
  | 'malformed';

/** An error of the database with the violated constraint, if any. */
export class DatabaseError extends Error {
  readonly kind: DatabaseErrorKind;
  readonly constraint: string | null;
  constructor(kind: DatabaseErrorKind, constraint: string | null, cause: unknown) {
    super(`Database error: ${kind}${constraint ? ` (${constraint})` : ''}`, { cause });
    this.name = 'DatabaseError';
    this.kind = kind;
    this.constraint = constraint;
  }
}

/** SQLSTATE (or its class) to kind: https://www.postgresql.org/docs/18/errcodes-appendix.html */
const kindBySqlState: Record<string, DatabaseErrorKind> = {
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

/** Errors without an SQLSTATE: from the pool, the socket or Prisma, always in English. */
const unavailableMessages =
  /timeout exceeded when trying to connect|Connection terminated|connection error|Query read timeout|Can't reach database|DatabaseNotReachable|ConnectionClosed|SocketTimeout|Unable to start a transaction|Transaction already closed|ECONNREFUSED|ECONNRESET|Client was closed|pool after calling end/i;

/** Error codes of an unreachable server; Prisma renames some of them. */
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
 * Turns any error of the driver or of Prisma into a DatabaseError, by SQLSTATE and message (Prisma's
 * own codes are inconsistent); returns anything else unchanged.
 */
export function mapDatabaseError(error: unknown): unknown {
  if (error instanceof DatabaseError) return error;
  for (const layer of listCauses(error)) {
    const sqlState = readSqlState(layer);
    const kind = sqlState && (kindBySqlState[sqlState] ?? kindBySqlState[sqlState.slice(0, 2)]);
    if (kind) {
      const constraint = sqlState.startsWith('23') ? findConstraint(layer) : null;
      return new DatabaseError(kind, constraint, error);
    }
  }
  const isUnavailable = listCauses(error).some(
    (layer) =>
      unavailableCodes.test(String(layer.code)) ||
      unavailableMessages.test(String(layer.message)) ||
      unavailableMessages.test(String(layer.kind)),
  );
  return isUnavailable ? new DatabaseError('unavailable', null, error) : error;
}

/** True if a working connection was lost during a statement: a retry on another one may succeed. */
export function isConnectionLost(error: unknown): boolean {
  return listCauses(error).some(
    ({ code, originalCode, message }) =>
      [code, originalCode].some((state) => state === '57P01' || state === '57P02') ||
      /Connection terminated unexpectedly|ECONNRESET/.test(String(message)),
  );
}

/** The SQLSTATE of an error, or null if the database did not respond. */
export function findSqlState(error: unknown): string | null {
  return (
    listCauses(error)
      .map(readSqlState)
      .find((sqlState) => sqlState !== undefined) ?? null
  );
}

/** The message of the root cause, as the driver or the server wrote it. */
export function findRootMessage(error: unknown): string {
  const messages = listCauses(error).map(
    ({ originalMessage, message }) => originalMessage ?? message,
  );
  return String(messages.findLast((message) => message) ?? error);
}

/** True if the error is a violation of this constraint. */
export function isConstraintViolation(error: unknown, constraint: string): boolean {
  return error instanceof DatabaseError && error.constraint === constraint;
}

/** Excludes codes of Prisma (P1001, P2039) and of the system (EPIPE), which look alike. */
function readSqlState({ originalCode, code }: Shape): string | undefined {
  return [originalCode, code].find(
    (one) =>
      typeof one === 'string' && /^[0-9A-Z]{5}$/.test(one) && !/^P[12]\d{3}$|^E[A-Z]+$/.test(one),
  ) as string | undefined;
}

function listCauses(error: unknown): Shape[] {
  const layers: Shape[] = [];
  let next: unknown = error;
  while (typeof next === 'object' && next !== null && layers.length < 6) {
    const layer = next as Shape;
    layers.push(layer);
    next = layer.meta?.driverAdapterError ?? layer.cause;
  }
  return layers;
}

/** Prisma keeps only the message of a check violation. Languages quote the constraint's name differently, and last. */
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
