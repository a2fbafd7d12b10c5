import { toPublicId } from '../../support/people.ts';
import type { ServerLog } from './cluster.ts';
import { error, text } from './operations/fields.ts';
import { signIn, type World } from './operations/world.ts';
import { createPlayer } from './player.ts';
import type { Statement, StatementsByText } from './statements.ts';

/** The times of a frequent query with many arguments, in milliseconds. */
export type HotQuery = {
  name: string;
  /** Limit of the 95th percentile in the database. */
  p95MsMax: number;
  runs: number;
  /** Of all rounds but the first. */
  p50Ms: number;
  p95Ms: number;
  /** Of the first round, in which each argument is new, and of all rounds. */
  firstP95Ms: number;
  allP95Ms: number;
  /** Pages of 8 KiB, on average per run. */
  buffers: number;
};

/** Each query with a text that identifies its statement, and its limit. */
const queries = [
  // The statement also counts the attempt.
  { name: 'login by e-mail', mark: 'find_credentials(', p95MsMax: 1 },
  { name: 'session check', mark: 'find_live_sessions(', p95MsMax: 1 },
  { name: 'API key check', mark: 'find_live_api_keys(', p95MsMax: 1 },
  // Includes users and roles. The default page size is 25.
  { name: 'page of 25 members, last sign-in first', mark: 'from tenant_members', p95MsMax: 1 },
  { name: 'page of 50 members, last sign-in first', mark: 'from tenant_members', p95MsMax: 1 },
] as const;

type Query = (typeof queries)[number];

/** The arguments of the queries, which are the same before and after. */
export type HotArguments = {
  emails: string[];
  password: string;
  tokens: string[];
  tenants: string[];
  keys: string[];
  /** The token of the caller of the other queries. */
  root: string;
};

/**
 * Signs users in, creates keys, and picks the largest tenants and tenants of all sizes. `hot` is measured; `others`
 * warm up the server before that.
 */
export async function prepareHot(
  { client, play, filling, root, tenants }: World,
  count: number,
): Promise<{ hot: HotArguments; others: HotArguments }> {
  // Ordered by a hash, so that they are spread over the table and the same in each run.
  const { rows: people } = await client.query<{ email: string }>(
    `select email from users where status = 'active' and email not like '%@operators.example'
     order by md5(id::text) limit $1`,
    [2 * count],
  );
  const emails = people.map(({ email }) => email);
  const tokens: string[] = [];
  for (const email of emails) {
    tokens.push((await signIn(play, { email, password: filling.password })).token);
  }
  const { rows } = await client.query<{ id: string; isLarge: boolean }>(
    `(select id, true as "isLarge" from tenants order by member_count desc limit 5)
     union all
     (select id, false from tenants where status = 'active' order by md5(id::text) limit $1)`,
    [2 * count],
  );
  const listIds = (isLarge: boolean) =>
    rows.filter((row) => row.isLarge === isLarge).map(({ id }) => toPublicId('tenant', id));
  const [large, ofAllSizes] = [listIds(true), listIds(false)];
  const createKeys = async () => {
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
    return keys;
  };
  const { password } = filling;
  const choose = async (from: number, largest: string[]): Promise<HotArguments> => ({
    emails: emails.slice(from, from + count),
    password,
    tokens: tokens.slice(from, from + count),
    tenants: [...largest, ...ofAllSizes.slice(from, from + count)],
    keys: await createKeys(),
    root,
  });
  return { hot: await choose(0, large), others: await choose(count, []) };
}

/** Sends the queries through the API, in a first round and `again` more, and reads their times from the database's log. */
export async function measureHot(
  url: string,
  log: ServerLog,
  hot: HotArguments,
  again: number,
): Promise<HotQuery[]> {
  const { play, statements } = createPlayer(url, log);
  // Both page sizes use the same statement, so each has its own player.
  const large = createPlayer(url, log);
  for (let round = 0; round <= again; round += 1) {
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
    const found = query.name.includes('50') ? large.statements : statements;
    return sumUp(query, findStatement(found, query), again);
  });
}

const listMembers = (id: string, size: number) =>
  `{ tenant(id: "${id}") { memberships(first: ${size}, orderBy: { field: LAST_SIGN_IN_AT, direction: DESC }) {
    edges { node { id lastSignInAt user { name } roles { key } } } } } }`;

/** The statement with the mark of the query that ran most often. */
function findStatement(statements: StatementsByText, query: Query): Statement {
  const found = [...statements.values()]
    .filter(({ text }) => text.toLowerCase().includes(query.mark) && isOfQuery(text, query))
    .toSorted((a, b) => b.times.length - a.times.length)[0];
  if (!found) throw new Error(`no statement found for ${query.name}`);
  return found;
}

/** Members are also looked up by user and by id; the page has an order and a limit. */
function isOfQuery(text: string, { mark }: Query): boolean {
  return mark !== 'from tenant_members' || /order by .*last_sign_in_at.* limit/i.test(text);
}

function sumUp({ name, p95MsMax }: Query, { times, buffers }: Statement, again: number): HotQuery {
  const inRound = Math.ceil(times.length / (again + 1));
  const [first, later] = [times.slice(0, inRound), times.slice(inRound)];
  return {
    name,
    p95MsMax,
    runs: later.length,
    p50Ms: getQuantile(later, 0.5),
    p95Ms: getQuantile(later, 0.95),
    firstP95Ms: getQuantile(first, 0.95),
    allP95Ms: getQuantile(times, 0.95),
    buffers: buffers / times.length,
  };
}

function getQuantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
