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
  'Shown once. Send it as `Authorization: Bearer`. Empty if the session is kept in a cookie: if the request had that cookie or the header `x-tenantry-session: cookie`.';

type SignedInShape = { token: string; session: SessionRecord; user: UserRecord };

const SignUpInput = builder.inputType('SignUpInput', {
  description: 'A new user, with a new tenant if `tenantName` is given.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'Stored in canonical form.' }),
    password: t.string({
      required: true,
      description: 'The new password; see `passwordPolicy` for the rules.',
    }),
    name: t.string({ description: 'Name as shown to others; at most 100 characters.' }),
    tenantName: t.string({ description: 'Creates a tenant of this name, owned by the new user.' }),
    tenantSlug: t.string({
      description: 'Slug of the tenant; if omitted, derived from the name, with a suffix if taken.',
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

const SignUpSuccess = builder.objectRef<SignedUp>('SignUpSuccess').implement({
  description: 'The user was created and is signed in.',
  fields: (t) => ({
    token: t.exposeString('token', { description: tokenDescription }),
    session: t.expose('session', { type: Session, description: 'The new session.' }),
    user: t.expose('user', { type: User, description: 'The new user.' }),
    tenant: t.field({
      type: Tenant,
      nullable: true,
      description: 'The new tenant, if one was requested.',
      resolve: ({ tenantId }, _args, ctx) => findTenantOf(ctx, tenantId),
    }),
  }),
});

addMutation('signUp', {
  description: 'Creates a user, optionally with a tenant, and signs them in.',
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
    tenantSlug: t.string({ description: 'Slug of a tenant to bind the session to.' }),
  }),
});

const SignInSuccess = builder.objectRef<SignedInShape>('SignInSuccess').implement({
  description: 'The user is signed in.',
  fields: (t) => ({
    token: t.exposeString('token', { description: tokenDescription }),
    session: t.expose('session', { type: Session, description: 'The new session.' }),
    user: t.expose('user', { type: User, description: 'The signed-in user.' }),
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
  description: 'Tenant to bind the session to.',
  fields: (t) => ({
    tenantId: t.id({ description: 'Id of the tenant; omit it to unbind the session.' }),
  }),
});

addMutation('switchTenant', {
  description: 'Binds the session to another tenant, or to none; the old token stops working.',
  input: SwitchTenantInput,
  result: SignInResult,
  resolve: (ctx, { tenantId }) =>
    switchTenant(ctx, tenantId == null ? null : requireIdOf('Tenant', tenantId, 'tenant').id),
});

const SignOutSuccess = builder.objectRef<{ isSignedOut: boolean }>('SignOutSuccess').implement({
  description: 'The session has ended; its token no longer works.',
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
    currentPassword: t.string({ required: true, description: 'The current password.' }),
    newPassword: t.string({
      required: true,
      description: 'The new password; see `passwordPolicy` for the rules.',
    }),
    revokeApiKeys: t.boolean({
      description: 'Also revokes every API key that the caller has created, in all tenants.',
    }),
  }),
});

const ChangePasswordSuccess = builder.objectRef<PasswordChange>('ChangePasswordSuccess').implement({
  description: 'The password was changed; all other sessions of the user have ended.',
  fields: (t) => ({
    revokedCount: t.exposeInt('revokedCount', { description: 'Number of sessions that ended.' }),
    revokedApiKeyCount: t.exposeInt('revokedApiKeyCount', {
      description: 'Number of revoked API keys; 0 unless requested.',
    }),
  }),
});

addMutation('changePassword', {
  description: 'Changes the caller’s password and ends all their other sessions.',
  input: ChangePasswordInput,
  result: createResultType('ChangePassword', ChangePasswordSuccess, [
    InvalidCredentialsError,
    RateLimitedError,
  ]),
  resolve: changePassword,
});

const SessionIdInput = builder.inputType('SessionIdInput', {
  description: 'A session.',
  fields: (t) => ({ sessionId: t.id({ required: true, description: 'Id of the session.' }) }),
});

const RevokeSessionSuccess = builder
  .objectRef<{ id: string; tenantId: string | null }>('RevokeSessionSuccess')
  .implement({
    description: 'The session has ended; its token no longer works.',
    fields: (t) => ({
      revokedSessionId: t.id({
        description: 'Id of the revoked session.',
        resolve: ({ id, tenantId }) => toGlobalId('Session', id, tenantId),
      }),
    }),
  });

addMutation('revokeSession', {
  description:
    'Ends one session: the caller’s own, or one bound to a tenant in which the caller has sessions:revoke.',
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
  description: 'Sessions to end; without any filter, all of the caller’s except this one.',
  fields: (t) => ({
    userId: t.id({ description: 'Sessions of this user instead of the caller’s.' }),
    tenantId: t.id({ description: 'Only sessions bound to this tenant.' }),
    includeCurrent: t.boolean({ description: 'Also ends the session of this request.' }),
  }),
});

const RevokeSessionsSuccess = builder
  .objectRef<{ revokedCount: number }>('RevokeSessionsSuccess')
  .implement({
    description: 'The sessions have ended.',
    fields: (t) => ({
      revokedCount: t.exposeInt('revokedCount', { description: 'Number of ended sessions.' }),
    }),
  });

addMutation('revokeSessions', {
  description:
    'Ends many sessions: all of the caller’s except this one, or another user’s, if permitted.',
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
