import type { Fault } from '../../support/faults/fault.ts';
import { pass, waitUntilServing } from '../../support/faults/stage.ts';

export const fault: Fault = {
  name: 'half-open link: nothing passes and nobody is told',
  async inject(stage, { isQuick }) {
    stage.link.hold();
    await pass(isQuick ? 5 : 15);
    stage.link.release();
    await waitUntilServing(stage);
    return undefined;
  },
  expectation: {
    words: 'every request ends within the time-outs; no slot stays taken',
    codes: ['UNAVAILABLE', 'CONFLICT'],
    rejectionP99MsMax: 5_500,
    fullRateMsMax: 6_000,
  },
};
