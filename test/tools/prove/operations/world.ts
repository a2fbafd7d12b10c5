import type pg from 'pg';
import type { App } from '../../../../src/app.ts';
import { readMails } from '../../../support/mail.ts';
import { toPublicId } from '../../../support/people.ts';
import type { Filling } from '../fill.ts';
import type { Data, Play, Player } from '../player.ts';
import { error, text } from './fields.ts';

/** A tenant of the seed, whose founder is signed in. */
export type SeededTenant = {
  uuid: string;
  id: string;
  slug: string;
  token: string;
  email: string;
  /** Of the founder. */
  userId: string;
};

/** The data and connections that operations need. */
export type World = Pick<Player, 'play' | 'record'> & {
  app: App & { url: string };
  /** A connection of the owner. */
  client: pg.Client;
  filling: Filling;
  /** The token of a platform administrator. */
  root: string;
  /** The largest, a medium and one of the smallest. */
  tenants: [SeededTenant, SeededTenant, SeededTenant];
};

let serial = 0;

/** Signs up a platform administrator and signs in the founders of three tenants. */
export async function createWorld(
  { play, record }: Player,
  { app, client, filling }: Pick<World, 'app' | 'client' | 'filling'>,
): Promise<World> {
  const { token } = await signUp(play, 'root');
  await client.query(
    `update users set is_platform_admin = true where email like 'root-%@operators.example'`,
  );
  const { rows } = await client.query<Omit<SeededTenant, 'token' | 'id'>>(founders);
  const tenants: SeededTenant[] = [];
  for (const row of rows) {
    const { email } = row;
    const signedIn = await signIn(play, { email, password: filling.password });
    const id = toPublicId('tenant', row.uuid);
    tenants.push({ ...row, id, userId: toPublicId('user', row.userId), token: signedIn.token });
  }
  const [largest, middle, small] = tenants;
  // The largest has reached its limits, and gets more keys and members.
  await client.query(
    'update tenants set api_keys_max = 1000000, members_max = 1000000 where id = $1',
    [largest?.uuid],
  );
  if (!largest || !middle || !small) throw new Error('the seed has fewer than three tenants');
  return { play, record, app, client, filling, root: token, tenants: [largest, middle, small] };
}

/** The founder has the first membership of a tenant. */
const founders = `
  select t.id as uuid, t.slug, u.email, u.id as "userId"
  from (
    select id, slug, row_number() over (order by member_count desc, id) as place,
      count(*) over () as places
    from tenants
  ) t
  cross join lateral (
    select m.user_id from user_tenants m
    join membership_roles mr on mr.tenant_id = m.tenant_id and mr.membership_id = m.id
    join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id and r.key = 'owner'
    where m.tenant_id = t.id and m.is_active order by m.id limit 1
  ) founder
  join users u on u.id = founder.user_id
  where t.place in (1, t.places / 2, t.places - 1)
  order by t.place`;

/** Signs in by password. */
export async function signIn(
  play: Play,
  { email, password, tenantSlug }: { email: string; password: string; tenantSlug?: string },
): Promise<Data> {
  const { signIn } = await play(
    'signIn',
    `mutation { signIn(input: { email: ${text(email)}, password: ${text(password)}
      ${tenantSlug === undefined ? '' : `, tenantSlug: ${text(tenantSlug)}`} }) {
      ... on SignInSuccess { token session { id } user { id } } ${error} } }`,
  );
  return signIn;
}

/** Signs up a new user with a tenant. */
export async function signUp(play: Play, name: string) {
  serial += 1;
  const email = `${name}-${serial}-${Date.now()}@operators.example`;
  const password = `a sentence that ${name} alone remembers`;
  const { signUp } = await play(
    'signUp',
    `mutation { signUp(input: { email: ${text(email)}, password: ${text(password)}, name: ${text(name)},
      tenantName: "Proof ${serial}", tenantSlug: "proof-${serial}-${Date.now()}",
      idempotencyKey: "${email}" }) {
      ... on SignUpSuccess { token session { id } user { id } tenant { id slug } } ${error} } }`,
  );
  return { email, password, ...signUp } as Data;
}

/** The token in the newest mail to an address. */
export async function readToken({ client, app }: World, email: string): Promise<string> {
  const mails = await readMails({ app, owner: client }, email);
  const token = mails.findLast((mail) => mail.token !== null)?.token;
  if (!token) throw new Error(`no mail with a link to ${email}`);
  return token;
}

/** Resets the rate limits of mails. */
export async function resetBudgets({ client }: World): Promise<void> {
  await client.query(`delete from sign_in_budgets where not starts_with(bucket, 'account:')`);
}
