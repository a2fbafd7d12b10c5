import type { Fault } from '../../support/faults/fault.ts';
import { pass } from '../../support/faults/stage.ts';

/** Longer than `idle_in_transaction_session_timeout` (10 s). */
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
    words: 'its transactions are ended, no lock remains, and it continues afterwards',
    codes: ['UNAVAILABLE'],
    fullRateMsMax: 5_000,
  },
};
