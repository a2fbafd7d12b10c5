import { cutCommits } from '../../support/faults/cut-commits.ts';
import type { Fault } from '../../support/faults/fault.ts';

export const fault: Fault = {
  name: 'link cut before a commit',
  inject: (stage, { isQuick }) => cutCommits(stage, 'before-commit', isQuick ? 5 : 50),
  expectation: {
    words: 'the write fails and leaves nothing behind; a retry executes it once',
    codes: ['UNAVAILABLE'],
    fullRateMsMax: 2_000,
  },
};
