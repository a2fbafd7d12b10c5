import type { Fault } from '../../support/faults/fault.ts';
import { pass } from '../../support/faults/stage.ts';

/** Restarts two servers in turn; the client retries on the other one when a connection fails. */
export const fault: Fault = {
  name: 'rolling restart (SIGTERM) under load, 20 times',
  needs: { servers: 2 },
  async inject(stage, { isQuick }) {
    const times = isQuick ? 2 : 20;
    for (let count = 0; count < times; count += 1) {
      const code = await stage.replaceServer(count % 2, 'SIGTERM');
      if (code !== 0) throw new Error(`a server exited with ${code}`);
      await pass(0.3);
    }
    return `${stage.client.countSwitches()} requests were retried on the other server`;
  },
  expectation: {
    words: 'no request fails; every exit code is 0',
    codes: [],
    fullRateMsMax: 2_000,
  },
};
