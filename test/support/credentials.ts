import type { TestApp } from './app.ts';
import type { Ask } from './cast.ts';
import { codeOf, type Outcome, pathOf } from './mutate.ts';
import { type Person, toUuid } from './people.ts';

const session = 'session { id isCurrent tenant { slug } }';

/** The mutations about credentials: input type, success type and the fields read on success. */
const mutations = {
  signUp: [
    'SignUpInput',
    'SignUpSuccess',
    `token ${session} user { id email name } tenant { id slug name }`,
  ],
  signIn: ['SignInInput', 'SignInSuccess', `token ${session} user { id email }`],
  switchTenant: ['SwitchTenantInput', 'SignInSuccess', `token ${session} user { id email }`],
  signOut: [null, 'SignOutSuccess', 'ok'],
  changePassword: ['ChangePasswordInput', 'ChangePasswordSuccess', 'revokedCount'],
  requestEmailVerification: [null, 'RequestEmailVerificationSuccess', 'emailVerified'],
  verifyEmail: ['VerifyEmailInput', 'VerifyEmailSuccess', 'email'],
  requestPasswordReset: ['RequestPasswordResetInput', 'RequestPasswordResetSuccess', 'ok'],
  resetPassword: ['ResetPasswordInput', 'ResetPasswordSuccess', 'revokedCount'],
  revokeSession: ['SessionIdInput', 'RevokeSessionSuccess', 'revokedSessionId'],
  revokeSessions: ['RevokeSessionsInput', 'RevokeSessionsSuccess', 'revokedCount'],
} as const;

/** Sends a mutation about credentials. Returns a top-level error like one of the union. */
export async function send(
  ask: Ask,
  name: keyof typeof mutations,
  input: object = {},
): Promise<Outcome> {
  const [inputType, success, fields] = mutations[name];
  const { data, errors } = await ask(
    `mutation ${inputType ? `($input: ${inputType}!)` : ''} {
      ${name}${inputType ? '(input: $input)' : ''} {
        ... on ${success} { ${fields} } ... on Error { code path } } }`,
    inputType ? { variables: { input } } : {},
  );
  if (errors) return { code: codeOf({ errors }), path: pathOf({ errors }), value: null };
  const { code = null, path = null, ...value } = data[name];
  return { code, path, value };
}

/** A further session of a user. */
export type OpenSession = { id: string; uuid: string; token: string; ask: Ask };

/** Opens another session of a user, perhaps bound to one tenant. */
export async function openSession(
  app: TestApp,
  { email, password }: Pick<Person, 'email' | 'password'>,
  tenantSlug: string | null = null,
): Promise<OpenSession> {
  const { code, value } = await send(app.ask, 'signIn', { email, password, tenantSlug });
  if (code) throw new Error(`sign-in failed: ${code}`);
  return {
    ...toOpenSession(app, value.token),
    id: value.session.id,
    uuid: toUuid(value.session.id),
  };
}

/** A client with a token. */
export function toOpenSession(app: TestApp, token: string): Pick<OpenSession, 'token' | 'ask'> {
  return { token, ask: (query, options) => app.ask(query, { token, ...options }) };
}

/** Whether the API accepts a session token. */
export async function isValid({ ask }: { ask: Ask }): Promise<boolean> {
  const { data, errors } = await ask('{ viewer { user { id } } }');
  if (errors) throw new Error(JSON.stringify(errors));
  return data.viewer !== null;
}

/** Sends a body over HTTP and returns the whole response. */
export async function post(
  app: Pick<TestApp, 'url'>,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
