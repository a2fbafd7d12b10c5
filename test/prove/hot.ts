import { getMedian } from '../benchmarks/stage.ts';
import { toPublicId } from '../support/people.ts';
import type { ServerLog } from './arena.ts';
import { error, text } from './operations/fields.ts';
import { signIn, type World } from './operations/world.ts';
import { createPlayer } from './player.ts';
import type { Ledger, Statement } from './statements.ts';

/** One of the queries that the database was tuned for, over many arguments. */
export type HotQuery = {
  name: string;
  /** What 95 of 100 may take at most in the database. */
  p95MsMax: number;
  runs: number;
  p50Ms: number;
  /** Of each round; the median of rounds, so that what befalls one of them does not decide. */
  p95Ms: number;
  /** The same where each was asked for the first time, on new connections. */
  firstP95Ms: number | null;
  /** Pages of 8 KiB a run, on average. */
  buffers: number;
};

/** How to tell the statement of each, and its bar. */
const queries = [
  // The statement counts the attempt as well.
  { name: 'login by e-mail', mark: 'find_credentials(', p95MsMax: 1 },
  { name: 'session check', mark: 'find_live_sessions(', p95MsMax: 1 },
  { name: 'API key check', mark: 'find_live_api_keys(', p95MsMax: 1 },
  // With its people and roles; a page has 25 unless another size is asked for.
  { name: 'page of 25 members, last sign-in first', mark: 'from tenant_members', p95MsMax: 1 },
  { name: 'page of 50 members, last sign-in first', mark: 'from tenant_members', p95MsMax: 1 },
] as const;

type Query = (typeof queries)[number];

/** What they are asked with; made once, so that before and after are asked the same. */
export type HotArguments = {
  emails: string[];
  password: string;
  tokens: string[];
  tenants: string[];
  keys: string[];
  /** Who asks for the rest. */
  root: string;
};

/** Signs people in and makes keys; tenants are some of the largest, and others of all sizes. */
export async function prepareHot(
  { client, play, filling, root, tenants }: World,
  count: number,
): Promise<HotArguments> {
  // By a hash, so that they are spread over the whole table and the same in each run.
  const { rows: people } = await client.query<{ email: string }>(
    `select email from users where status = 'active' and email not like '%@operators.example'
     order by md5(id::text) limit $1`,
    [count],
  );
  const emails = people.map(({ email }) => email);
  const tokens: string[] = [];
  for (const email of emails) {
    tokens.push((await signIn(play, { email, password: filling.password })).token);
  }
  const { rows } = await client.query<{ id: string }>(
    `(select id from tenants order by member_count desc limit 5)
     union all (select id from tenants where status = 'active' order by md5(id::text) limit $1)`,
    [count],
  );
  const keys: string[] = [];
  for (const tenant of tenants) {
    const { createApiKey } = await play(
      'createApiKey',
      `mutation { createApiKey(input: { tenantId: "${tenant.id}", name: "Hot", permissions: ["tenant:read"] }) {
        ... on CreateApiKeySuccess { secret } ${error} } }`,
      tenant.token,
    );
    keys.push(createApiKey.secret);
  }
  return {
    emails,
    password: filling.password,
    tokens,
    tenants: rows.map(({ id }) => toPublicId('tenant', id)),
    keys,
    root,
  };
}

/** Asks them through the API, and reads in the log of the database how long each took there. */
export async function measureHot(
  url: string,
  log: ServerLog,
  hot: HotArguments,
  rounds: number,
): Promise<HotQuery[]> {
  const { play, ledger } = createPlayer(url, log);
  // Both pages are one statement to the ledger, so each gets one of its own.
  const large = createPlayer(url, log);
  for (let round = 0; round < rounds; round += 1) {
    for (const email of hot.emails) await signIn(play, { email, password: hot.password });
    for (const [index, token] of hot.tokens.entries()) {
      await play('session', `{ verifySession(token: "${token}") { valid } }`, hot.root);
      const key = hot.keys[index % hot.keys.length] ?? '';
      await play('key', `{ verifyApiKey(key: ${text(key)}) { valid } }`, hot.root);
    }
    for (const id of hot.tenants) {
      await play('members', listMembers(id, 25), hot.root);
      await large.play('members', listMembers(id, 50), hot.root);
    }
  }
  return queries.map((query) => {
    const asked = query.name.includes('50') ? large.ledger : ledger;
    return sumUp(query, findStatement(asked, query), rounds);
  });
}

const listMembers = (id: string, size: number) =>
  `{ tenant(id: "${id}") { memberships(first: ${size}, orderBy: { field: LAST_SIGN_IN_AT, direction: DESC }) {
    edges { node { id lastSignInAt user { name } roles { key } } } } } }`;

/** The outermost statement with that mark that ran most often. */
function findStatement(ledger: Ledger, query: Query): Statement {
  const found = [...ledger.values()]
    .filter(({ text }) => text.toLowerCase().includes(query.mark) && isAsked(text, query))
    .toSorted((a, b) => b.times.length - a.times.length)[0];
  if (!found) throw new Error(`no statement of ${query.name}`);
  return found;
}

/** Members are also looked up by person and by id; the page is the one in an order with a limit. */
function isAsked(text: string, { mark }: Query): boolean {
  return mark !== 'from tenant_members' || /order by .*last_sign_in_at.* limit/i.test(text);
}

function sumUp({ name, p95MsMax }: Query, { times, buffers }: Statement, rounds: number): HotQuery {
  const runsOfRound = Math.ceil(times.length / rounds);
  const p95s = Array.from({ length: rounds }, (_, round) =>
    getQuantile(times.slice(round * runsOfRound, (round + 1) * runsOfRound), 0.95),
  );
  return {
    name,
    p95MsMax,
    runs: times.length,
    p50Ms: getQuantile(times, 0.5),
    p95Ms: getMedian(p95s),
    firstP95Ms: null,
    buffers: buffers / times.length,
  };
}

function getQuantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
