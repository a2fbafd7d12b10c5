import type { Fault } from '../../support/faults/fault.ts';

export const fault: Fault = {
  name: 'fast restart of PostgreSQL',
  async inject({ cluster }) {
    await cluster.stop('SIGINT');
    await cluster.restart();
    return undefined;
  },
  expectation: {
    words: 'UNAVAILABLE with Retry-After until it is back; no process exits',
    codes: ['UNAVAILABLE'],
    rejectionP99MsMax: 2_000,
    fullRateMsMax: 5_000,
  },
};
