import type { ServerResponse } from 'node:http';
import type { ReportDuration } from '../core/context.ts';

/** Writes durations into the header `server-timing` at once, as both ways answer on this response. */
export function createServerTiming(res: ServerResponse): ReportDuration {
  return (name, milliseconds) => {
    if (res.headersSent) return;
    res.appendHeader('server-timing', `${name};dur=${milliseconds.toFixed(2)}`);
  };
}
