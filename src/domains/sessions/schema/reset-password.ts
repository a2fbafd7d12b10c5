import { RateLimitedError } from '../../../core/app-error.ts';
import { builder } from '../../../graphql/builder.ts';
import { addMutation, createResultType } from '../../../graphql/mutation.ts';
import type { PasswordChange } from '../service/password.ts';
import { requestPasswordReset, resetPassword } from '../service/reset-password.ts';

const RequestPasswordResetInput = builder.inputType('RequestPasswordResetInput', {
  description: 'Whose password was forgotten.',
  fields: (t) => ({
    email: t.string({ required: true, description: 'The e-mail address of the account.' }),
  }),
});

const RequestPasswordResetSuccess = builder
  .objectRef<{ ok: boolean }>('RequestPasswordResetSuccess')
  .implement({
    description: 'If there is such an account, a mail is on its way to it.',
    fields: (t) => ({
      ok: t.exposeBoolean('ok', { description: 'Always true, whether or not there is one.' }),
    }),
  });

addMutation('requestPasswordReset', {
  description: 'Mails a link for a new password. Tells nobody whether there is such an account.',
  input: RequestPasswordResetInput,
  callers: 'anybody',
  result: createResultType('RequestPasswordReset', RequestPasswordResetSuccess, [RateLimitedError]),
  resolve: async (ctx, input) => {
    await requestPasswordReset(ctx, input);
    return { ok: true };
  },
});

const ResetPasswordInput = builder.inputType('ResetPasswordInput', {
  description: 'What came by mail, and the new password.',
  fields: (t) => ({
    token: t.string({ required: true, description: 'The token of the link; good for 30 minutes.' }),
    newPassword: t.string({ required: true, description: 'As `passwordPolicy` says.' }),
    revokeApiKeys: t.boolean({
      description: 'Also ends every API key that the person has made, in all tenants.',
    }),
  }),
});

const ResetPasswordSuccess = builder.objectRef<PasswordChange>('ResetPasswordSuccess').implement({
  description: 'The password was set and every session of the user has ended; sign in anew.',
  fields: (t) => ({
    revokedCount: t.exposeInt('revokedCount', { description: 'How many sessions ended.' }),
    revokedApiKeyCount: t.exposeInt('revokedApiKeyCount', {
      description:
        'How many API keys ended: all, if it was asked for or nobody had confirmed the address before.',
    }),
  }),
});

addMutation('resetPassword', {
  description:
    'Sets a new password with the token that was mailed. Works once, signs nobody in. If nobody had confirmed the address before, the API keys and sent invitations of the account end too.',
  input: ResetPasswordInput,
  callers: 'anybody',
  result: createResultType('ResetPassword', ResetPasswordSuccess),
  resolve: resetPassword,
});
