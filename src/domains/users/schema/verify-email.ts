import { RateLimitedError } from '../../../core/app-error.ts';
import { builder } from '../../../graphql/builder.ts';
import { addMutation, addPlainMutation, createResultType } from '../../../graphql/mutation.ts';
import { requestEmailVerification, verifyEmail } from '../service/verify-email.ts';

const RequestEmailVerificationSuccess = builder
  .objectRef<{ emailVerified: boolean }>('RequestEmailVerificationSuccess')
  .implement({
    description: 'A mail with a link is on its way, unless the address is already verified.',
    fields: (t) => ({
      emailVerified: t.exposeBoolean('emailVerified', {
        description: 'True if the address was already verified and no mail was sent.',
      }),
    }),
  });

addPlainMutation('requestEmailVerification', {
  description: 'Mails the caller a link that verifies their address; earlier links become invalid.',
  result: createResultType('RequestEmailVerification', RequestEmailVerificationSuccess, [
    RateLimitedError,
  ]),
  resolve: async (ctx) => ({ emailVerified: await requestEmailVerification(ctx) }),
});

const VerifyEmailInput = builder.inputType('VerifyEmailInput', {
  description: 'The mailed token.',
  fields: (t) => ({
    token: t.string({ required: true, description: 'Token from the link; valid for 24 hours.' }),
  }),
});

const VerifyEmailSuccess = builder.objectRef<{ email: string }>('VerifyEmailSuccess').implement({
  description: 'The address is verified.',
  fields: (t) => ({ email: t.exposeString('email', { description: 'The verified address.' }) }),
});

addMutation('verifyEmail', {
  description: 'Verifies an e-mail address with a mailed token. Works once.',
  input: VerifyEmailInput,
  callers: 'anybody',
  result: createResultType('VerifyEmail', VerifyEmailSuccess),
  resolve: async (ctx, { token }) => ({ email: await verifyEmail(ctx, token) }),
});
