import { styleText } from 'node:util';
import { type DestinationStream, type LoggerOptions, type Logger as PinoLogger, pino } from 'pino';

/** pino's logger: `log.info({ tenantId }, 'Signed in')`. One per process, children by `log.child`. */
export type Logger = PinoLogger;

/** Keys whose values are never written, in objects up to four levels deep. */
const secretKeys = [
  'authorization',
  'cookie',
  'currentPassword',
  'newPassword',
  'password',
  'passwordHash',
  'secret',
  'set-cookie',
  'token',
  'tokenHash',
] as const;

/** Characters that could move a terminal's cursor, reorder text or fake a line. */
const controls = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Creates a logger that writes JSON or readable lines to standard output (or to `output`). Its lines have no values of
 * secret keys and no raw control characters. It never throws: a full disk or a closed pipe loses lines, not requests.
 * Fields named `ms`, `…Ms` or `…Seconds` are rounded.
 */
export function createLogger(
  options: { level: string; format: 'pretty' | 'json' },
  output: DestinationStream = createStandardOutput(),
): Logger {
  const write = options.format === 'pretty' ? formatPretty : formatJson;
  const settings: LoggerOptions = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { log: roundDurations },
    serializers: { err: serializeError },
    redact: { paths: listSecretPaths(), censor: '[redacted]' },
  };
  return pino(settings, { write: (line) => output.write(write(line)) });
}

function createStandardOutput(): DestinationStream {
  const destination = pino.destination({ fd: 1, sync: true });
  // Without a listener an EPIPE or ENOSPC would end the process.
  destination.on('error', () => undefined);
  return destination;
}

/** Meaningful decimals of durations, by the unit at the end of their names. */
const decimals = { ms: 1, seconds: 3 } as const;

/** Rounds durations such as 0.123456789 ms. */
function roundDurations(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, roundDuration(name, value)]),
  );
}

function roundDuration(name: string, value: unknown): unknown {
  const unit = /(?:^m|M)s$/.test(name) ? 'ms' : /(?:^s|S)econds$/.test(name) ? 'seconds' : null;
  if (unit === null || typeof value !== 'number') return value;
  return Number(value.toFixed(decimals[unit]));
}

/** Node attaches the peer's certificate to TLS errors. It refers to itself, so pino would drop the whole error. */
function serializeError(error: Error): unknown {
  return withoutCertificate(pino.stdSerializers.err(error));
}

function withoutCertificate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutCertificate);
  // A serialized error; errors inside one are serialized as well.
  if (typeof value !== 'object' || value === null || !('stack' in value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'cert')
      .map(([name, inner]) => [name, withoutCertificate(inner)]),
  );
}

function listSecretPaths(): string[] {
  return ['', '*', '*.*', '*.*.*'].flatMap((prefix) =>
    secretKeys.map((key) => `${prefix}["${key}"]`),
  );
}

/** JSON escapes characters below U+0020 itself; the others only occur inside strings, where \u is valid. */
function formatJson(line: string): string {
  return `${escapeControls(line.trimEnd())}\n`;
}

function formatPretty(line: string): string {
  const { time, level, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const head = `${String(time).slice(11, 23)} ${formatLevel(Number(level))} ${String(msg ?? '')}`;
  const details = Object.entries(fields).map(([name, value]) => `${name}=${formatValue(value)}`);
  return [escapeControls([head, ...details].join('  ')), ...formatError(err), ''].join('\n');
}

function formatLevel(level: number): string {
  const label = (pino.levels.labels[level] ?? String(level)).toUpperCase().padEnd(5);
  if (level >= 50) return styleText('red', label);
  if (level >= 40) return styleText('yellow', label);
  return styleText(level >= 30 ? 'green' : 'gray', label);
}

function formatValue(value: unknown): string {
  return typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value);
}

/** Formats the stack, indented so that no line of a message can pass for a log line. */
function formatError(err: unknown): string[] {
  if (typeof err !== 'object' || err === null) return [];
  const { stack, message, type, ...rest } = err as Record<string, unknown>;
  const lines = String(stack ?? message).split('\n');
  const extra = Object.keys(rest).length > 0 ? [JSON.stringify(rest)] : [];
  return [...lines, ...extra].map((text) => `    ${escapeControls(text)}`);
}

function escapeControls(text: string): string {
  return text.replace(controls, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
