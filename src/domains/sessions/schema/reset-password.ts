import { RateLimitedError } from '../../../core/app-error.ts';
import { builder } from '../../../graphql/builder.ts';
import { addMutation, createResultType } from '../../../graphql/mutation.ts';
import type { PasswordChange } from '../service/password.ts';
import { requestPasswordReset, resetPassword } from '../service/reset-password.ts';

const RequestPasswordResetInput = builder.inputType('RequestPasswordResetInput', {
  description: 'Account to reset the password of.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'The e-mail address of the account.' }),
  }),
});

const RequestPasswordResetSuccess = builder
  .objectRef<{ ok: boolean }>('RequestPasswordResetSuccess')
  .implement({
    description: 'If the account exists, a mail is on its way.',
    fields: (t) => ({
      ok: t.exposeBoolean('ok', { description: 'Always true, whether or not the account exists.' }),
    }),
  });

addMutation('requestPasswordReset', {
  description:
    'Mails a link to set a new password. The response does not reveal whether the account exists.',
  input: RequestPasswordResetInput,
  callers: 'anybody',
  result: createResultType('RequestPasswordReset', RequestPasswordResetSuccess, [RateLimitedError]),
  resolve: async (ctx, input) => {
    await requestPasswordReset(ctx, input);
    return { ok: true };
  },
});

const ResetPasswordInput = builder.inputType('ResetPasswordInput', {
  description: 'The mailed token, and the new password.',
  fields: (t) => ({
    token: t.string({ required: true, description: 'Token from the link; valid for 30 minutes.' }),
    newPassword: t.string({
      required: true,
      description: 'The new password; see `passwordPolicy` for the rules.',
    }),
    revokeApiKeys: t.boolean({
      description: 'Also revokes every API key that the user has created, in all tenants.',
    }),
  }),
});

const ResetPasswordSuccess = builder.objectRef<PasswordChange>('ResetPasswordSuccess').implement({
  description: 'The password was set and all sessions of the user have ended; sign in again.',
  fields: (t) => ({
    revokedCount: t.exposeInt('revokedCount', { description: 'Number of sessions that ended.' }),
    revokedApiKeyCount: t.exposeInt('revokedApiKeyCount', {
      description:
        'Number of revoked API keys: all of them if requested, or if the address was never verified before.',
    }),
  }),
});

addMutation('resetPassword', {
  description:
    'Sets a new password with a mailed token. Works once and does not sign in. If the address was never verified before, the account’s API keys and sent invitations are revoked too.',
  input: ResetPasswordInput,
  callers: 'anybody',
  result: createResultType('ResetPassword', ResetPasswordSuccess),
  resolve: resetPassword,
});
