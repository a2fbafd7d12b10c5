import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from '../../observability/logger.ts';
import { isOwnOrigin } from './csrf.ts';
import { createOriginList } from './origins.ts';

/** A page may send any number of origins; more than these are of no help to anybody. */
const hintsMax = 20;

/** An origin as browsers write it, and short enough for a line of log. */
const originForm = /^[a-z][a-z0-9+.-]{0,30}:\/\/[\w.:[\]-]{1,200}$/i;

/** Logs, once for each origin, that the origin of a request is not allowed and which setting allows it. */
export type LogRejectedOrigin = (headers: IncomingHttpHeaders) => void;

/** For development: a page whose request fails by CORS is not told why by its browser. */
export function createRejectedOriginLog(
  corsOrigins: readonly string[],
  log: Logger,
): LogRejectedOrigin {
  const allowed = createOriginList(corsOrigins);
  const hinted = new Set<string>();
  return (headers) => {
    const { origin } = headers;
    if (origin === undefined || allowed.includes(origin) || isOwnOrigin(headers)) return;
    if (hinted.size >= hintsMax || hinted.has(origin)) return;
    if (origin === 'null') {
      hinted.add(origin);
      log.warn(
        'CORS: rejected a page without an origin (a file, or a sandboxed frame); serve it over http to allow it',
      );
    } else if (originForm.test(origin)) {
      hinted.add(origin);
      const line = `CORS_ORIGINS=${[...corsOrigins, origin].join(',')}`;
      log.warn(`CORS: rejected a page of ${origin}; to allow it set ${line}`);
    }
  };
}
