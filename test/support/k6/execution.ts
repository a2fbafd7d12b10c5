// Replaces `k6/execution`; rehearse.ts counts the iterations.

const execution = { scenario: { iterationInTest: 0 }, vu: { idInTest: 1 } };

export default execution;
