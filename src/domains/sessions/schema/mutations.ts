import { InvalidCredentialsError, RateLimitedError } from '../../../core/app-error.ts';
import type { Session as SessionRecord, User as UserRecord } from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { idempotencyKeyField } from '../../../graphql/idempotency.ts';
import { parseIdOrNil, requireIdOf, toGlobalId } from '../../../graphql/ids.ts';
import { addMutation, addPlainMutation, createResultType } from '../../../graphql/mutation.ts';
import { findTenantOf } from '../../tenants/loaders.ts';
import { Tenant } from '../../tenants/schema.ts';
import { User } from '../../users/schema.ts';
import { changePassword, type PasswordChange } from '../service/password.ts';
import { revokeSession, revokeSessions } from '../service/revoke.ts';
import { signIn, signOut, switchTenant } from '../service/sign-in.ts';
import { type SignedUp, signUp } from '../service/sign-up.ts';
import { Session } from './session.ts';

const tokenDescription =
  'Shown once. Send it as `Authorization: Bearer`. Empty where the session is kept in a cookie: ' +
  'where the request came with that cookie, or with the header `x-tenantry-session: cookie`.';

type SignedInShape = { token: string; session: SessionRecord; user: UserRecord };

const SignUpInput = builder.inputType('SignUpInput', {
  description: 'A new user, and a new tenant if `tenantName` is given.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'Stored in canonical form.' }),
    password: t.string({ required: true, description: 'As `passwordPolicy` says.' }),
    name: t.string({ description: 'Name as shown to others; at most 100 characters.' }),
    tenantName: t.string({ description: 'Creates a tenant of this name, owned by the new user.' }),
    tenantSlug: t.string({
      description: 'Its slug; if left out, made from the name, with a suffix where taken.',
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const SignUpSuccess = builder.objectRef<SignedUp>('SignUpSuccess').implement({
  description: 'The user exists and is signed in.',
  fields: (t) => ({
    token: t.exposeString('token', { description: tokenDescription }),
    session: t.expose('session', { type: Session, description: 'The session it opens.' }),
    user: t.expose('user', { type: User, description: 'The new user.' }),
    tenant: t.field({
      type: Tenant,
      nullable: true,
      description: 'The new tenant, if one was asked for.',
      resolve: ({ tenantId }, _args, ctx) => findTenantOf(ctx, tenantId),
    }),
  }),
});

addMutation('signUp', {
  description: 'Creates a user, with a tenant if asked, and signs it in.',
  input: SignUpInput,
  callers: 'anybody',
  result: createResultType('SignUp', SignUpSuccess, [RateLimitedError]),
  resolve: signUp,
});

const SignInInput = builder.inputType('SignInInput', {
  description: 'Credentials.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'The e-mail address.' }),
    password: t.string({ required: true, description: 'The password.' }),
    tenantSlug: t.string({ description: 'Binds the session to this tenant.' }),
  }),
});

const SignInSuccess = builder.objectRef<SignedInShape>('SignInSuccess').implement({
  description: 'A session is open.',
  fields: (t) => ({
    token: t.exposeString('token', { description: tokenDescription }),
    session: t.expose('session', { type: Session, description: 'The new session.' }),
    user: t.expose('user', { type: User, description: 'Who is signed in.' }),
  }),
});

export const SignInResult = createResultType('SignIn', SignInSuccess, [
  InvalidCredentialsError,
  RateLimitedError,
]);

addMutation('signIn', {
  description: 'Opens a session with e-mail and password.',
  input: SignInInput,
  callers: 'anybody',
  result: SignInResult,
  resolve: signIn,
});

const SwitchTenantInput = builder.inputType('SwitchTenantInput', {
  description: 'What the session is to be bound to.',
  fields: (t) => ({ tenantId: t.id({ description: 'This tenant; left out: none.' }) }),
});

addMutation('switchTenant', {
  description: 'Opens or narrows the session to one tenant; the old token dies.',
  input: SwitchTenantInput,
  result: SignInResult,
  resolve: (ctx, { tenantId }) =>
    switchTenant(ctx, tenantId == null ? null : requireIdOf('Tenant', tenantId, 'tenant').id),
});

const SignOutSuccess = builder.objectRef<{ isSignedOut: boolean }>('SignOutSuccess').implement({
  description: 'The session has ended; its token is dead.',
  fields: (t) => ({ ok: t.exposeBoolean('isSignedOut', { description: 'Always true.' }) }),
});

addPlainMutation('signOut', {
  description: 'Ends the session of this request.',
  result: createResultType('SignOut', SignOutSuccess),
  resolve: async (ctx) => {
    await signOut(ctx);
    return { isSignedOut: true };
  },
});

const ChangePasswordInput = builder.inputType('ChangePasswordInput', {
  description: 'The old and the new password.',
  fields: (t) => ({
    currentPassword: t.string({ required: true, description: 'The password in use.' }),
    newPassword: t.string({ required: true, description: 'As `passwordPolicy` says.' }),
    revokeApiKeys: t.boolean({
      description: 'Also ends every API key that the caller has made, in all tenants.',
    }),
  }),
});

const ChangePasswordSuccess = builder.objectRef<PasswordChange>('ChangePasswordSuccess').implement({
  description: 'The password was changed; every other session of the user has ended.',
  fields: (t) => ({
    revokedCount: t.exposeInt('revokedCount', { description: 'How many sessions ended.' }),
    revokedApiKeyCount: t.exposeInt('revokedApiKeyCount', {
      description: 'How many API keys ended; none unless it was asked for.',
    }),
  }),
});

addMutation('changePassword', {
  description: 'Changes the caller’s password and ends its other sessions.',
  input: ChangePasswordInput,
  result: createResultType('ChangePassword', ChangePasswordSuccess, [
    InvalidCredentialsError,
    RateLimitedError,
  ]),
  resolve: changePassword,
});

const SessionIdInput = builder.inputType('SessionIdInput', {
  description: 'A session.',
  fields: (t) => ({ sessionId: t.id({ required: true, description: 'Which session.' }) }),
});

const RevokeSessionSuccess = builder
  .objectRef<{ id: string; tenantId: string | null }>('RevokeSessionSuccess')
  .implement({
    description: 'The session has ended; its token is dead.',
    fields: (t) => ({
      revokedSessionId: t.id({
        description: 'The id that is no more.',
        resolve: ({ id, tenantId }) => toGlobalId('Session', id, tenantId),
      }),
    }),
  });

addMutation('revokeSession', {
  description: 'Ends one session: one’s own, or one bound to a tenant with sessions:revoke.',
  input: SessionIdInput,
  callers: 'credentials',
  result: createResultType('RevokeSession', RevokeSessionSuccess),
  resolve: async (ctx, { sessionId }) => {
    const ref = requireIdOf('Session', sessionId, 'session');
    await revokeSession(ctx, ref);
    return ref;
  },
});

const RevokeSessionsInput = builder.inputType('RevokeSessionsInput', {
  description: 'Which sessions to end; with nothing given, all of the caller’s but this one.',
  fields: (t) => ({
    userId: t.id({ description: 'Those of this user.' }),
    tenantId: t.id({ description: 'Only those bound to this tenant.' }),
    includeCurrent: t.boolean({ description: 'Also the session of this request.' }),
  }),
});

const RevokeSessionsSuccess = builder
  .objectRef<{ revokedCount: number }>('RevokeSessionsSuccess')
  .implement({
    description: 'The sessions have ended.',
    fields: (t) => ({
      revokedCount: t.exposeInt('revokedCount', { description: 'How many there were.' }),
    }),
  });

addMutation('revokeSessions', {
  description: 'Ends many sessions: all of the caller’s but this one, or a user’s by who may.',
  input: RevokeSessionsInput,
  callers: 'credentials',
  result: createResultType('RevokeSessions', RevokeSessionsSuccess),
  resolve: async (ctx, { userId, tenantId, includeCurrent }) => ({
    revokedCount: await revokeSessions(ctx, {
      userId: userId == null ? null : parseIdOrNil('User', userId),
      tenantId: tenantId == null ? null : requireIdOf('Tenant', tenantId, 'tenant').id,
      includeCurrent,
    }),
  }),
});
