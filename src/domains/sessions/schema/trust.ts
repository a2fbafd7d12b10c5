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
  description: 'The password once more.',
  fields: (t) => ({
    password: t.string({ required: true, description: 'The password in use.' }),
  }),
});

const ConfirmPasswordSuccess = builder
  .objectRef<{ session: SessionRecord }>('ConfirmPasswordSuccess')
  .implement({
    description: 'The session is as good as fresh; its token stays.',
    fields: (t) => ({
      session: t.expose('session', { type: Session, description: 'The session of this request.' }),
    }),
  });

addMutation('confirmPassword', {
  description:
    'Proves once more who is asking, for what is refused with REAUTHENTICATION_REQUIRED some time ' +
    'after signing in.',
  input: ConfirmPasswordInput,
  result: createResultType('ConfirmPassword', ConfirmPasswordSuccess, [
    InvalidCredentialsError,
    RateLimitedError,
  ]),
  resolve: async (ctx, { password }) => ({ session: await confirmPassword(ctx, password) }),
});

const ImpersonateUserInput = builder.inputType('ImpersonateUserInput', {
  description: 'In whose name to act, and why.',
  fields: (t) => ({
    userId: t.id({ required: true, description: 'The person; never an administrator.' }),
    reason: t.string({
      required: true,
      description: '10 to 500 characters, for the person and its tenants to read.',
    }),
    tenantId: t.id({ description: 'In this tenant only; left out: in all of the person’s.' }),
    idempotencyKey: idempotencyKeyField(t),
  }),
});

addMutation('impersonateUser', {
  description:
    'Opens a session in which the caller acts in somebody’s name, for an hour at most. Told in the ' +
    'trails of the person and its tenants, as is everything done in it. Platform administrators only, ' +
    'with a token and a recent sign-in of their own.',
  input: ImpersonateUserInput,
  result: SignInResult,
  resolve: (ctx, { userId, tenantId, ...input }) =>
    impersonateUser(ctx, {
      ...input,
      userId: requireIdOf('User', userId, 'user').id,
      tenantId: tenantId == null ? null : requireIdOf('Tenant', tenantId, 'tenant').id,
    }),
});
