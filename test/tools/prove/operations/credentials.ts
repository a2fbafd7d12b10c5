import { error, text } from './fields.ts';
import { readToken, resetBudgets, signIn, signUp, type World } from './world.ts';

/** Operations on a user's own password, address and sessions. */
export async function playCredentials(world: World) {
  const { play, client } = world;
  const person = await signUp(play, 'newcomer');
  const { email, password, token, tenant } = person;
  await resetBudgets(world);
  await play(
    'requestEmailVerification',
    `mutation { requestEmailVerification {
      ... on RequestEmailVerificationSuccess { emailVerified } ${error} } }`,
    token,
  );
  const link = await readToken(world, email);
  await play(
    'verifyEmail',
    `mutation { verifyEmail(input: { token: "${link}" }) { ... on VerifyEmailSuccess { email } ${error} } }`,
  );
  await play(
    'updateProfile',
    `mutation { updateProfile(input: { name: "Renamed", avatarUrl: "https://example.com/a.png",
      locale: "pt-BR", metadata: { a: 1 } }) { ... on UpdateProfileSuccess { user { id } } ${error} } }`,
    token,
  );
  const bound = await signIn(play, { email, password, tenantSlug: tenant.slug });
  await play(
    'switchTenant',
    `mutation { switchTenant(input: { tenantId: "${tenant.id}" }) {
      ... on SignInSuccess { token } ${error} } }`,
    token,
  );
  // The switch has revoked the session that it was called with.
  const again = await signIn(play, { email, password });
  await play(
    'confirmPassword',
    `mutation { confirmPassword(input: { password: ${text(password)} }) {
      ... on ConfirmPasswordSuccess { session { id } } ${error} } }`,
    again.token,
  );
  await play(
    'revokeSession',
    `mutation { revokeSession(input: { sessionId: "${bound.session.id}" }) {
      ... on RevokeSessionSuccess { revokedSessionId } ${error} } }`,
    again.token,
  );
  const other = await signIn(play, { email, password });
  await play(
    'revokeSessions',
    `mutation { revokeSessions(input: { includeCurrent: true }) {
      ... on RevokeSessionsSuccess { revokedCount } ${error} } }`,
    other.token,
  );
  const last = await signIn(play, { email, password });
  const next = 'quite another sentence of the newcomer';
  await play(
    'changePassword',
    `mutation { changePassword(input: { currentPassword: ${text(password)}, newPassword: ${text(next)},
      revokeApiKeys: true }) {
      ... on ChangePasswordSuccess { revokedCount revokedApiKeyCount } ${error} } }`,
    last.token,
  );
  await play(
    'signOut',
    `mutation { signOut { ... on SignOutSuccess { ok } ${error} } }`,
    last.token,
  );
  await resetBudgets(world);
  await client.query('delete from mail_outbox where recipient = $1', [email]);
  await play(
    'requestPasswordReset',
    `mutation { requestPasswordReset(input: { email: ${text(email)} }) {
      ... on RequestPasswordResetSuccess { ok } ${error} } }`,
  );
  const reset = await readToken(world, email);
  await play(
    'resetPassword',
    `mutation { resetPassword(input: { token: "${reset}", newPassword: "a third sentence of the newcomer",
      revokeApiKeys: true }) {
      ... on ResetPasswordSuccess { revokedCount revokedApiKeyCount } ${error} } }`,
  );
  await play('passwordPolicy', '{ passwordPolicy { lengthMin lengthMax rules usesBlocklist } }');
}
