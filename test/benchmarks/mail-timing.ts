import { ask, describeMachine, getMedian, openStage, print, runSql, startServer } from './stage.ts';

// Whether the time of an answer tells if there is an account, for each mail that somebody can ask for about
// somebody else: known and unknown addresses in turn, in a random order within each pair.

const pairs = 300;
/** Milliseconds between the medians, and the share of single answers that the best threshold tells right. */
const bars = { difference: 0.3, rightShare: 0.55 };

type Probe = { name: string; time: (email: string) => Promise<number> };
type Samples = { known: number[]; unknown: number[] };

const stage = await openStage();
try {
  const ownerUrl = await stage.createDatabase('mail_timing');
  // All requests come from one address and one tenant here.
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
  const samples: Samples = { known: [], unknown: [] };
  // Neither the first plans nor young code are measured.
  for (let warmUp = 0; warmUp < 50; warmUp += 1) await time(`warm-up-${warmUp}@example.com`);
  for (let pair = 0; pair < pairs; pair += 1) {
    const order =
      Math.random() < 0.5 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
    for (const kind of order) samples[kind].push(await time(`${kind}-${pair}@example.com`));
  }
  return samples;
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

/** People with an account outside the tenant, and people without one. */
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
  if (!result.__typename.endsWith('Success')) throw new Error(`refused: ${result.__typename}`);
  return took;
}

/** The share of all answers that a threshold tells right, for the best one in either direction. */
function getRightShare({ known, unknown }: Samples): number {
  const all = [
    ...known.map((took) => ({ took, isKnown: true })),
    ...unknown.map((took) => ({ took, isKnown: false })),
  ].sort((a, b) => a.took - b.took);
  // Everything below the threshold is taken for unknown, everything above for known.
  let right = known.length;
  let best = right;
  let worst = right;
  for (const { isKnown } of all) {
    right += isKnown ? -1 : 1;
    best = Math.max(best, right);
    worst = Math.min(worst, right);
  }
  return Math.max(best, all.length - worst) / all.length;
}

function report(name: string, samples: Samples): boolean {
  const [known, unknown] = [getMedian(samples.known), getMedian(samples.unknown)];
  const difference = Math.abs(known - unknown);
  const rightShare = getRightShare(samples);
  const isHeld = difference <= bars.difference && rightShare <= bars.rightShare;
  print(
    `${name}, ${pairs} pairs: medians with an account ${known.toFixed(2)} ms, without ${unknown.toFixed(2)} ms, ` +
      `difference ${difference.toFixed(2)} ms (at most ${bars.difference}); the best threshold tells ` +
      `${(rightShare * 100).toFixed(1)} % right (at most ${(bars.rightShare * 100).toFixed(0)}): ${isHeld ? 'held' : 'NOT HELD'}`,
  );
  return isHeld;
}
