import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from '../../observability/logger.ts';
import { isOwnOrigin } from './csrf.ts';
import { createOriginList } from './origins.ts';

/** Bounds memory and log lines: a client may invent any number of origins. */
const loggedMax = 20;

/** An origin as browsers write it, short enough for a log line. */
const originForm = /^[a-z][a-z0-9+.-]{0,30}:\/\/[\w.:[\]-]{1,200}$/i;

/** Logs, once per origin, that an origin is not allowed and which setting allows it. */
export type LogRejectedOrigin = (headers: IncomingHttpHeaders) => void;

/** For development: browsers do not tell a page why CORS rejected its request. */
export function createRejectedOriginLog(
  corsOrigins: readonly string[],
  log: Logger,
): LogRejectedOrigin {
  const allowed = createOriginList(corsOrigins);
  const logged = new Set<string>();
  return (headers) => {
    const { origin } = headers;
    if (origin === undefined || allowed.includes(origin) || isOwnOrigin(headers)) return;
    if (logged.size >= loggedMax || logged.has(origin)) return;
    if (origin === 'null') {
      logged.add(origin);
      log.warn(
        'CORS: rejected a page without an origin (a file, or a sandboxed frame); serve it over http to allow it',
      );
    } else if (originForm.test(origin)) {
      logged.add(origin);
      const line = `CORS_ORIGINS=${[...corsOrigins, origin].join(',')}`;
      log.warn(`CORS: rejected a page of ${origin}; to allow it set ${line}`);
    }
  };
}
