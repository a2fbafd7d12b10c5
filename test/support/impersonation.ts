import type { TestApp } from './app.ts';
import type { Ask } from './cast.ts';
import { toOpenSession } from './credentials.ts';
import { codeOf } from './mutate.ts';
import { type Person, toUuid } from './people.ts';

/** The reason that the tests give for an impersonation. */
export const reason = 'Ticket 4711: the export looks empty to them.';

/** The outcome of an attempt; with a session if it is allowed. */
export type Attempt = {
  code: string | null;
  reason: string | null;
  path: string[] | null;
  token: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape.
  session: any;
};

/** Sends impersonateUser. Returns a top-level error like one of the union. */
export async function tryImpersonate(
  ask: Ask,
  input: object,
  options: Parameters<Ask>[1] = {},
): Promise<Attempt> {
  const result = await ask(
    `mutation ($input: ImpersonateUserInput!) { impersonateUser(input: $input) {
      ... on SignInSuccess { token user { id } session { id expiresAt createdAt isCurrent
        impersonatorId impersonator { id } tenant { slug } } }
      ... on Error { code path } ... on ForbiddenError { reason } } }`,
    { variables: { input }, ...options },
  );
  const { code = codeOf(result), ...rest } = result.data?.impersonateUser ?? {};
  return { reason: null, path: null, token: '', session: null, ...rest, code };
}

/** A session of an administrator who impersonates a user. */
export type Impersonation = { id: string; uuid: string; token: string; ask: Ask };

/** Starts an impersonation, perhaps bound to one tenant. */
export async function impersonate(
  app: TestApp,
  admin: Pick<Person, 'ask'>,
  { userId }: Pick<Person, 'userId'>,
  tenantId: string | null = null,
): Promise<Impersonation> {
  const { code, token, session } = await tryImpersonate(admin.ask, { userId, reason, tenantId });
  if (code) throw new Error(`impersonation failed: ${code}`);
  return { ...toOpenSession(app, token), id: session.id, uuid: toUuid(session.id) };
}
