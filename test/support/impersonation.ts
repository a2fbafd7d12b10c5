import type { TestApp } from './app.ts';
import type { Ask } from './cast.ts';
import { toOpenSession } from './credentials.ts';
import { type Person, toUuid } from './people.ts';

/** Why, in the tests. */
export const reason = 'Ticket 4711: the export looks empty to them.';

/** How an attempt ended; a session where it is allowed. */
export type Attempt = {
  code: string | null;
  reason: string | null;
  path: string[] | null;
  token: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape.
  session: any;
};

/** Sends impersonateUser and flattens both ways of refusing it. */
export async function tryImpersonate(
  ask: Ask,
  input: object,
  options: Parameters<Ask>[1] = {},
): Promise<Attempt> {
  const { data, errors } = await ask(
    `mutation ($input: ImpersonateUserInput!) { impersonateUser(input: $input) {
      ... on SignInSuccess { token user { id } session { id expiresAt createdAt isCurrent
        impersonatorId impersonator { id } tenant { slug } } }
      ... on Error { code path } ... on ForbiddenError { reason } } }`,
    { variables: { input }, ...options },
  );
  const [fault] = errors ?? [];
  const { code = fault?.extensions.code ?? null, ...rest } = data?.impersonateUser ?? {};
  return { reason: null, path: null, token: '', session: null, ...rest, code };
}

/** A session in which an administrator acts in somebody's name. */
export type Impersonation = { id: string; uuid: string; token: string; ask: Ask };

/** Opens one, in one tenant if asked. */
export async function impersonate(
  app: TestApp,
  admin: Pick<Person, 'ask'>,
  { userId }: Pick<Person, 'userId'>,
  tenantId: string | null = null,
): Promise<Impersonation> {
  const { code, token, session } = await tryImpersonate(admin.ask, { userId, reason, tenantId });
  if (code) throw new Error(`impersonation refused: ${code}`);
  return { ...toOpenSession(app, token), id: session.id, uuid: toUuid(session.id) };
}
