import { ask, describeMachine, getMedian, openStage, print, runSql, startServer } from './stage.ts';

// Whether the response time of operations that mail an address reveals if it has an account. Known and unknown addresses
// alternate in random order. A second unknown address each time shows how much two samples of the same kind differ: if
// that exceeds the limits, the machine is too busy for a result.

const pairs = 300;
/** The difference of medians in ms, and the share of responses that the best threshold classifies correctly. */
const bars = { difference: 0.3, correctShare: 0.55 };

type Probe = { name: string; time: (email: string) => Promise<number> };
const kinds = ['known', 'unknown', 'other'] as const;
type Samples = Record<(typeof kinds)[number], number[]>;
type Comparison = { difference: number; correctShare: number };

const stage = await openStage();
try {
  const ownerUrl = await stage.createDatabase('mail_timing');
  // All requests come from one source and one tenant.
  const app = await startServer(ownerUrl, {
    SIGN_UP_SOURCE_MAX: '1000000',
    INVITATIONS_PER_DAY_MAX: '1000000',
  });
  await runSql(
    ownerUrl,
    `insert into users (email) select format('known-%s@example.com', n) from generate_series(0, ${pairs}) n;
     insert into password_credentials (user_id, password_hash) select id, '$argon2id$' from users;
     analyze users; analyze password_credentials`,
  );
  print(`machine: ${describeMachine()}`);
  const results: boolean[] = [];
  for (const probe of [timeReset(app.url), await timeInvitation(app.url)]) {
    results.push(report(probe.name, await compare(probe)));
  }
  await app.close();
  process.exitCode = results.every(Boolean) ? 0 : 1;
} finally {
  await stage.clear();
}

async function compare({ time }: Probe): Promise<Samples> {
  const samples: Samples = { known: [], unknown: [], other: [] };
  // Warms up plans and the JIT compiler.
  for (let warmUp = 0; warmUp < 50; warmUp += 1) await time(`warm-up-${warmUp}@example.com`);
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const kind of shuffle(kinds))
      samples[kind].push(await time(`${kind}-${pair}@example.com`));
  }
  return samples;
}

function shuffle<T>(list: readonly T[]): T[] {
  return list
    .map((one) => ({ one, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

function timeReset(url: string): Probe {
  return {
    name: 'requestPasswordReset',
    time: (email) =>
      timeOf(
        url,
        `mutation { result: requestPasswordReset(input: { email: "${email}" }) { __typename } }`,
      ),
  };
}

/** Invites users with and without an account. */
async function timeInvitation(url: string): Promise<Probe> {
  type Founded = { signUp: { token: string; tenant: { id: string } } };
  const { signUp } = await ask<Founded>(
    url,
    `mutation { signUp(input: { email: "founder@example.com", password: "a harbour without any wind",
      tenantName: "Acme" }) { ... on SignUpSuccess { token tenant { id } } } }`,
  );
  return {
    name: 'inviteMembers',
    time: (email) =>
      timeOf(
        url,
        `mutation { result: inviteMembers(input: { tenantId: "${signUp.tenant.id}",
          invitations: [{ email: "${email}", roleKeys: ["member"] }] }) { __typename } }`,
        signUp.token,
      ),
  };
}

async function timeOf(url: string, query: string, token?: string): Promise<number> {
  const began = performance.now();
  const { result } = await ask<{ result: { __typename: string } }>(url, query, token);
  const took = performance.now() - began;
  if (!result.__typename.endsWith('Success')) throw new Error(`rejected: ${result.__typename}`);
  return took;
}

function compareTwo(first: readonly number[], second: readonly number[]): Comparison {
  const difference = Math.abs(getMedian(first) - getMedian(second));
  return { difference, correctShare: getCorrectShare(first, second) };
}

/** The share of responses that the best threshold classifies correctly, in either direction. */
function getCorrectShare(first: readonly number[], second: readonly number[]): number {
  const all = [
    ...first.map((took) => ({ took, isFirst: true })),
    ...second.map((took) => ({ took, isFirst: false })),
  ].sort((a, b) => a.took - b.took);
  // Times below the threshold are classified as the second sample, those above as the first.
  let right = first.length;
  let best = right;
  let worst = right;
  for (const { isFirst } of all) {
    right += isFirst ? -1 : 1;
    best = Math.max(best, right);
    worst = Math.min(worst, right);
  }
  return Math.max(best, all.length - worst) / all.length;
}

function report(name: string, { known, unknown, other }: Samples): boolean {
  const found = compareTwo(known, unknown);
  const chance = compareTwo(other, unknown);
  const isMet = isWithinBars(found);
  const verdict = isMet ? 'met' : isWithinBars(chance) ? 'NOT MET' : 'machine too busy, run again';
  print(
    `${name}, ${pairs} pairs: medians with an account ${getMedian(known).toFixed(2)} ms, without ` +
      `${getMedian(unknown).toFixed(2)} ms; ${describe(found)}, by chance ${describe(chance)} ` +
      `(at most ${bars.difference} ms and ${(bars.correctShare * 100).toFixed(0)} %): ${verdict}`,
  );
  return isMet;
}

function isWithinBars({ difference, correctShare }: Comparison): boolean {
  return difference <= bars.difference && correctShare <= bars.correctShare;
}

function describe({ difference, correctShare }: Comparison): string {
  return `difference ${difference.toFixed(2)} ms, best threshold ${(correctShare * 100).toFixed(1)} % correct`;
}
