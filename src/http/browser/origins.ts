/** The browser origins that may call the API, for CORS, the session cookie and GET alike. */
export type OriginList = {
  isEmpty: boolean;
  /** Whether the origin is allowed, compared exactly; false without an origin. */
  includes(origin: string | undefined): origin is string;
};

/** One label of a host name, as browsers send it. */
const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

const wildcard = '://*.';

/** Takes origins as browsers send them; in `https://*.a.example` the `*` stands for one label. */
export function createOriginList(origins: readonly string[]): OriginList {
  const exact = new Set(origins.filter((origin) => !origin.includes(wildcard)));
  const patterns = origins
    .filter((origin) => origin.includes(wildcard))
    .map((origin) => origin.split('*'));
  const matchesPattern = (origin: string) =>
    patterns.some(
      ([start = '', end = '']) =>
        origin.startsWith(start) &&
        origin.endsWith(end) &&
        label.test(origin.slice(start.length, -end.length)),
    );
  return {
    isEmpty: origins.length === 0,
    includes: (origin): origin is string =>
      origin !== undefined && (exact.has(origin) || matchesPattern(origin)),
  };
}
