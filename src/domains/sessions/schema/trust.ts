import { InvalidCredentialsError, RateLimitedError } from '../../../core/app-error.ts';
import type { Session as SessionRecord } from '../../../core/entities.ts';
import { builder } from '../../../graphql/builder.ts';
import { idempotencyKeyField } from '../../../graphql/idempotency.ts';
import { requireIdOf } from '../../../graphql/ids.ts';
import { addMutation, createResultType } from '../../../graphql/mutation.ts';
import { confirmPassword } from '../service/confirm.ts';
import { impersonateUser } from '../service/impersonate.ts';
import { SignInResult } from './mutations.ts';
import { Session } from './session.ts';

const ConfirmPasswordInput = builder.inputType('ConfirmPasswordInput', {
  description: 'The caller’s password.',
  fields: (t) => ({
    password: t.string({ required: true, description: 'The current password.' }),
  }),
});

const ConfirmPasswordSuccess = builder
  .objectRef<{ session: SessionRecord }>('ConfirmPasswordSuccess')
  .implement({
    description: 'The session counts as freshly signed in; its token stays the same.',
    fields: (t) => ({
      session: t.expose('session', { type: Session, description: 'The session of this request.' }),
    }),
  });

addMutation('confirmPassword', {
  description:
    'Confirms the caller’s password, for mutations that return REAUTHENTICATION_REQUIRED some time after sign-in.',
  input: ConfirmPasswordInput,
  result: createResultType('ConfirmPassword', ConfirmPasswordSuccess, [
    InvalidCredentialsError,
    RateLimitedError,
  ]),
  resolve: async (ctx, { password }) => ({ session: await confirmPassword(ctx, password) }),
});

const ImpersonateUserInput = builder.inputType('ImpersonateUserInput', {
  description: 'User to impersonate, and why.',
  fields: (t) => ({
    userId: t.id({
      required: true,
      description: 'The user; platform administrators cannot be impersonated.',
    }),
    reason: t.string({
      required: true,
      description: 'Reason of 10 to 500 characters, shown to the user and their tenants.',
    }),
    tenantId: t.id({
      description:
        'Restricts the session to this tenant; by default it covers all tenants of the user.',
    }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

addMutation('impersonateUser', {
  description:
    'Opens a session that impersonates a user, for an hour at most. It is recorded in the audit logs of the user and their tenants, as is everything done in it. Platform administrators only, with a token and a recent sign-in.',
  input: ImpersonateUserInput,
  result: SignInResult,
  resolve: (ctx, { userId, tenantId, ...input }) =>
    impersonateUser(ctx, {
      ...input,
      userId: requireIdOf('User', userId, 'user').id,
      tenantId: tenantId == null ? null : requireIdOf('Tenant', tenantId, 'tenant').id,
    }),
});
