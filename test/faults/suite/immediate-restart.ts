import type { Fault } from '../../support/faults/fault.ts';

export const fault: Fault = {
  name: 'immediate restart of PostgreSQL',
  async inject({ cluster }) {
    await cluster.stop('SIGQUIT');
    await cluster.restart();
    return undefined;
  },
  expectation: {
    words: 'like the fast restart, and the write-ahead log is replayed',
    codes: ['UNAVAILABLE'],
    rejectionP99MsMax: 2_000,
    fullRateMsMax: 5_000,
  },
};
