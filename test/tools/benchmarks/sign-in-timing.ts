import '../../support/in-run-folder.ts';
import { ask, describeMachine, getMedian, openStage, print, startServer } from './stage.ts';

// Whether the time of a failed sign-in reveals if the address has an account. Known and unknown addresses alternate, and
// each is tried only a few times, so that no rate limit is reached.

const accounts = 60;
const triesPerAccount = 4;
const differenceMax = { ratio: 0.1, milliseconds: 1 };

const stage = await openStage();
try {
  // All requests come from one source, so only the limits per source are raised.
  const limits = {
    SIGN_IN_SOURCE_FAILURES_MAX: '1000000',
    SIGN_UP_SOURCE_MAX: '1000000',
  };
  const app = await startServer(await stage.createDatabase('sign_in_timing'), limits);
  for (let account = 0; account < accounts; account += 1) {
    await ask(
      app.url,
      `mutation { signUp(input: { email: "known-${account}@example.com",
        password: "a harbour without any wind" }) { __typename } }`,
    );
  }
  const known: number[] = [];
  const unknown: number[] = [];
  for (let attempt = 0; attempt < triesPerAccount; attempt += 1) {
    for (let account = 0; account < accounts; account += 1) {
      unknown.push(await timeRejection(app.url, `other-${account}@example.com`));
      known.push(await timeRejection(app.url, `known-${account}@example.com`));
    }
  }
  await app.close();
  report(getMedian(known), getMedian(unknown));
} finally {
  await stage.clear();
}

function report(known: number, unknown: number): void {
  const difference = Math.abs(known - unknown);
  const isMet =
    difference <= differenceMax.milliseconds || difference <= differenceMax.ratio * unknown;
  print(`machine: ${describeMachine()}`);
  print(
    `median of ${accounts * triesPerAccount} errors each: wrong password ${known.toFixed(2)} ms, ` +
      `unknown e-mail ${unknown.toFixed(2)} ms, difference ${difference.toFixed(2)} ms ` +
      `(at most 10 % or 1 ms): ${isMet ? 'met' : 'NOT MET'}`,
  );
  process.exitCode = isMet ? 0 : 1;
}

async function timeRejection(url: string, email: string): Promise<number> {
  const began = performance.now();
  const { signIn } = await ask<{ signIn: { code?: string } }>(
    url,
    `mutation { signIn(input: { email: "${email}", password: "not the password of anybody" }) {
      ... on Error { code } } }`,
  );
  if (signIn.code !== 'UNAUTHENTICATED') throw new Error(`expected an error, got ${signIn.code}`);
  return performance.now() - began;
}
