import type { Fault } from '../../support/faults/fault.ts';
import { pass } from '../../support/faults/stage.ts';

/** For longer than the database lets a transaction be left alone (10 s). */
export const fault: Fault = {
  name: 'server frozen (SIGSTOP)',
  async inject({ servers }, { isQuick }) {
    const [server] = servers;
    server?.signal('SIGSTOP');
    await pass(isQuick ? 2 : 13);
    server?.signal('SIGCONT');
    return undefined;
  },
  expectation: {
    words: 'its transactions end without it, no lock stays, it goes on where it was',
    codes: ['UNAVAILABLE'],
    fullRateMsMax: 5_000,
  },
};
