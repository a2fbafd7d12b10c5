import type { Fault } from '../../support/faults/fault.ts';
import { pass } from '../../support/faults/stage.ts';

export const fault: Fault = {
  name: 'link slower by 50 ms, then by 500 ms, in each direction',
  async inject({ link }, { isQuick }) {
    link.delay(50);
    await pass(isQuick ? 1 : 8);
    link.delay(500);
    await pass(isQuick ? 2 : 10);
    link.delay(0);
    return undefined;
  },
  expectation: {
    words:
      'responses are slower within the deadlines, and errors beyond them; the queue is bounded',
    codes: ['UNAVAILABLE', 'CONFLICT'],
    rejectionP99MsMax: 5_500,
    fullRateMsMax: 6_000,
  },
};
