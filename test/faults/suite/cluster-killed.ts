import type { Fault } from '../../support/faults/fault.ts';

export const fault: Fault = {
  name: 'all of PostgreSQL killed (SIGKILL)',
  async inject({ cluster }) {
    await cluster.kill();
    await cluster.restart();
    return undefined;
  },
  expectation: {
    words: 'no acknowledged write is lost',
    codes: ['UNAVAILABLE'],
    rejectionP99MsMax: 2_000,
    fullRateMsMax: 5_000,
  },
};
