import type { ServerResponse } from 'node:http';
import type { ReportDuration } from '../core/context.ts';

/** Reports durations in the `server-timing` header of the response. */
export function createServerTiming(res: ServerResponse): ReportDuration {
  return (name, milliseconds) => {
    if (res.headersSent) return;
    res.appendHeader('server-timing', `${name};dur=${milliseconds.toFixed(2)}`);
  };
}
