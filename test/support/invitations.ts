import type { TestApp } from './app.ts';
import type { Ask } from './cast.ts';
import type { OutcomeWithMessage } from './life-cycle.ts';
import { readInvitationToken } from './mail.ts';
import { codeOf, pathOf } from './mutate.ts';
import { createPerson, type Person, type Team } from './people.ts';

const invitation = 'invitation { id email status expiresAt roles { key } }';

const mutations = {
  inviteMembers: [
    'InviteMembersInput',
    `results { email ${invitation} error {
      __typename code message path ... on RateLimitedError { retryAfterSeconds } } }`,
  ],
  resendInvitation: ['InvitationIdInput', invitation],
  revokeInvitation: ['InvitationIdInput', invitation],
  acceptInvitation: [
    'AcceptInvitationInput',
    'membership { id isActive roles { key } tenant { id } user { id } }',
  ],
  declineInvitation: ['DeclineInvitationInput', 'declinedInvitationId'],
} as const;

/** Sends a mutation about invitations. Returns a top-level error like one of the union. */
export async function sendInvitation(
  ask: Ask,
  name: keyof typeof mutations,
  input: object,
): Promise<OutcomeWithMessage> {
  const [inputType, fields] = mutations[name];
  const success = `${name.charAt(0).toUpperCase()}${name.slice(1)}Success`;
  const { data, errors } = await ask(
    `mutation ($input: ${inputType}!) { ${name}(input: $input) {
      ... on ${success} { ${fields} } ... on Error { code path message } } }`,
    { variables: { input } },
  );
  if (errors) {
    const message = errors[0]?.message ?? null;
    return { code: codeOf({ errors }), path: pathOf({ errors }), message, value: null };
  }
  const { code = null, path = null, message = null, ...value } = data[name];
  return { code, path, message, value };
}

/** One invitation of a call: the address and the roles to grant. */
export type Line = { email: string; roleKeys: string[] };

/** Invites as the owner, unless another caller is given. */
export function invite(team: Team, lines: readonly Line[], ask: Ask = team.owner.ask) {
  return sendInvitation(ask, 'inviteMembers', { tenantId: team.tenantId, invitations: lines });
}

/** Invites one address and returns the result of its line. */
export async function inviteOne(
  team: Team,
  email: string,
  { roleKeys = ['member'], ask = team.owner.ask }: { roleKeys?: string[]; ask?: Ask } = {},
): Promise<{ code: string | null; path: string[] | null; id: string; expiresAt: string }> {
  const { code, value } = await invite(team, [{ email, roleKeys }], ask);
  if (code !== null) throw new Error(`the whole call failed: ${code}`);
  const [{ invitation: created, error }] = value.results;
  return {
    code: error?.code ?? null,
    path: error?.path ?? null,
    id: created?.id ?? '',
    expiresAt: created?.expiresAt ?? '',
  };
}

/** Marks the e-mail address of a user as verified. */
export async function verifyEmailOf(app: TestApp, { userUuid }: Person): Promise<void> {
  await app.owner.query('update users set email_verified_at = now() where id = $1', [userUuid]);
}

/** A new user with a verified e-mail address. */
export async function createVerified(app: TestApp, email?: string): Promise<Person> {
  const person = await createPerson(app, email);
  await verifyEmailOf(app, person);
  return person;
}

/** An invited user with their invitation. */
export type Invited = { person: Person; invitationId: string; token: string };

/** A new user with a verified address, invited to the team. */
export async function createInvited(
  app: TestApp,
  team: Team,
  options?: Parameters<typeof inviteOne>[2],
): Promise<Invited> {
  const person = await createVerified(app);
  const { code, id } = await inviteOne(team, person.email, options);
  if (code !== null) throw new Error(`the invitation failed: ${code}`);
  return { person, invitationId: id, token: await readInvitationToken(app, person.email) };
}

export function accept({ ask }: { ask: Ask }, input: { token: string } | { invitationId: string }) {
  return sendInvitation(ask, 'acceptInvitation', input);
}

export function decline(
  { ask }: { ask: Ask },
  input: { token: string } | { invitationId: string },
) {
  return sendInvitation(ask, 'declineInvitation', input);
}
