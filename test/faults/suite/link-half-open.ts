import type { Fault } from '../../support/faults/fault.ts';
import { pass, waitUntilServing } from '../../support/faults/stage.ts';

export const fault: Fault = {
  name: 'half-open link: data is dropped without an error',
  async inject(stage, { isQuick }) {
    stage.link.hold();
    await pass(isQuick ? 5 : 15);
    stage.link.release();
    await waitUntilServing(stage);
    return undefined;
  },
  expectation: {
    words: 'every request ends within the time-outs; every slot is released',
    codes: ['UNAVAILABLE', 'CONFLICT'],
    rejectionP99MsMax: 5_500,
    fullRateMsMax: 6_000,
  },
};
