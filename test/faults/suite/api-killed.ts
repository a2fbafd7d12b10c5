import type { Fault } from '../../support/faults/fault.ts';
import { pass } from '../../support/faults/stage.ts';

export const fault: Fault = {
  name: 'server killed (SIGKILL) at random, 20 times',
  async inject(stage, { isQuick }) {
    const times = isQuick ? 1 : 20;
    for (let count = 0; count < times; count += 1) {
      await pass(Math.random());
      await stage.replaceServer(0, 'SIGKILL');
    }
    return undefined;
  },
  expectation: {
    words: 'every write is complete or absent; a retry with its key is executed once',
    codes: ['CONNECTION', 'UNAVAILABLE', 'CONFLICT'],
    fullRateMsMax: 5_000,
  },
};
