import { cutCommits } from '../../support/faults/cut-commits.ts';
import type { Fault } from '../../support/faults/fault.ts';

export const fault: Fault = {
  name: 'link cut after a commit',
  inject: (stage, { isQuick }) => cutCommits(stage, 'after-commit', isQuick ? 5 : 50),
  expectation: {
    words: 'the write is stored but not acknowledged; a retry does not execute it twice',
    codes: ['UNAVAILABLE'],
    fullRateMsMax: 2_000,
  },
};
