import { documents } from './documents.ts';
import { askOrThrow } from './graphql.ts';
import { findAccount, findMembersSlug, settings } from './settings.ts';

/** A person that was signed up for this run, owner of a tenant of its own. */
export type Account = {
  email: string;
  token: string;
  tenantId: string;
  slug: string;
  /** Of services that check sessions and keys for this tenant. */
  apiKeys: string[];
};

/** A tenant that was there before, with many members, seen by somebody who may list them. */
export type LargeTenant = {
  token: string;
  tenantId: string;
  pageSize: number;
  /** Where page 1,000 begins, or the last page where there are fewer. */
  deepCursor: string;
};

/** Data of a run; k6 gives each virtual user a copy. */
export type World = { accounts: Account[]; large: LargeTenant | null; adminToken: string | null };

export type Wanted = {
  accounts?: number;
  /** Of the first account. */
  apiKeys?: number;
  large?: boolean;
  admin?: boolean;
};

/** Everybody's, for as long as the run takes; longer than any PASSWORD_LENGTH_MIN may ask for. */
export const password = 'a quiet harbour before the storm, and forty gulls on the old sea wall';

const deepPage = 1000;
const pageSizeMax = 50;
const cursorStepMax = 100;

/** Makes what a scenario needs, through the API. Throws where the server or the run lacks something. */
export function createWorld({ accounts = 0, apiKeys = 0, large, admin }: Wanted): World {
  const run = `${Date.now().toString(36)}${Math.floor(Math.random() * 36 ** 4).toString(36)}`;
  const made = Array.from({ length: accounts }, (_, number) => signUp(`load-${run}-${number}`));
  const [first] = made;
  if (first) first.apiKeys = Array.from({ length: apiKeys }, (_, at) => createApiKey(first, at));
  return {
    accounts: made,
    large: large ? findLargeTenant() : null,
    adminToken: admin ? signInAs('LOAD_ADMIN', 'a platform admin') : null,
  };
}

/**
 * Deletes the tenants of the run; they go for good after the server's grace period. Signs in anew,
 * because deleting asks for a recent sign-in and a long run is none.
 */
export function deleteWorld({ accounts }: World): void {
  for (const { email, tenantId, slug } of accounts) {
    const token = signIn(email, password);
    askOrThrow({
      operation: 'delete-tenant',
      document: documents.deleteTenant,
      variables: { input: { tenantId, confirmSlug: slug } },
      token,
    });
  }
}

/** How many keys stay below 6,000 requests a minute each, the server's default, at such a rate. */
export function countApiKeys(ratePerSecond: number): number {
  return Math.min(100, Math.ceil(((settings.rate ?? ratePerSecond) / 100) * getPeak()) + 1);
}

function getPeak(): number {
  if (settings.profile === 'crowd' || settings.profile === 'breakpoint') return 100;
  return settings.profile === 'smoke' ? 0.1 : 6;
}

function signUp(name: string): Account {
  const email = `${name}@example.com`;
  type Data = { signUp: { token: string; tenant: { id: string; slug: string } } };
  const { signUp: made } = askOrThrow<Data>({
    operation: 'sign-up',
    document: documents.signUp,
    variables: { input: { email, password, tenantName: name, tenantSlug: name } },
  });
  const { id, slug } = made.tenant;
  return { email, token: made.token, tenantId: id, slug, apiKeys: [] };
}

function createApiKey({ tenantId, token }: Account, at: number): string {
  const permissions = ['sessions:verify', 'api-keys:verify'];
  const { createApiKey: made } = askOrThrow<{ createApiKey: { secret: string } }>({
    operation: 'create-service-key',
    document: documents.createApiKey,
    variables: { input: { tenantId, name: `Service ${at}`, permissions } },
    token,
  });
  return made.secret;
}

function signIn(email: string, typed: string): string {
  const { signIn: made } = askOrThrow<{ signIn: { token: string } }>({
    operation: 'sign-in-for-setup',
    document: documents.signIn,
    variables: { input: { email, password: typed } },
  });
  return made.token;
}

function signInAs(prefix: 'LOAD_ADMIN' | 'LOAD_MEMBERS', who: string): string {
  const account = findAccount(prefix);
  if (account) return signIn(account.email, account.password);
  throw new Error(`this scenario needs ${who}: set ${prefix}_EMAIL and ${prefix}_PASSWORD`);
}

function findLargeTenant(): LargeTenant {
  const token = signInAs('LOAD_MEMBERS', 'somebody who lists the members of a large tenant');
  const slug = findMembersSlug();
  if (slug === null) throw new Error('this scenario needs a large tenant: set LOAD_MEMBERS_SLUG');
  type Data = { tenant: { id: string; memberCount: number } | null };
  const question = { operation: 'large-tenant', document: documents.largeTenant, token };
  const { tenant } = askOrThrow<Data>({ ...question, variables: { slug } });
  if (!tenant) throw new Error(`there is no tenant ${slug}, or LOAD_MEMBERS_EMAIL is not in it`);
  const { id: tenantId, memberCount } = tenant;
  const pageSize = Math.min(pageSizeMax, Math.max(1, Math.floor(memberCount / deepPage)));
  const pages = Math.min(deepPage, Math.floor((memberCount - 1) / pageSize));
  const deepCursor = findCursor({ token, tenantId, after: (pages - 1) * pageSize });
  console.log(`${memberCount} members, ${pageSize} on a page; deep means page ${pages}`);
  return { token, tenantId, pageSize, deepCursor };
}

/** The cursor behind which the list goes on after so many members. */
function findCursor(where: { token: string; tenantId: string; after: number }): string {
  const { token, tenantId } = where;
  type Data = { tenant: { memberships: { pageInfo: { endCursor: string } } } };
  let cursor: string | null = null;
  for (let left = where.after; left > 0; left -= cursorStepMax) {
    const { tenant }: Data = askOrThrow<Data>({
      operation: 'member-cursors',
      document: documents.memberCursors,
      variables: { tenantId, first: Math.min(left, cursorStepMax), after: cursor },
      token,
    });
    cursor = tenant.memberships.pageInfo.endCursor;
  }
  if (cursor === null) throw new Error('the large tenant has too few members for a second page');
  return cursor;
}
