import { cutCommits } from '../../support/faults/cut-commits.ts';
import type { Fault } from '../../support/faults/fault.ts';

export const fault: Fault = {
  name: 'link cut before a commit',
  inject: (stage, { isQuick }) => cutCommits(stage, 'before-commit', isQuick ? 5 : 50),
  expectation: {
    words: 'the write is refused and nothing of it stays; asked again it is done once',
    codes: ['UNAVAILABLE'],
    fullRateMsMax: 2_000,
  },
};
