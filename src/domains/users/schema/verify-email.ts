import { RateLimitedError } from '../../../core/app-error.ts';
import { builder } from '../../../graphql/builder.ts';
import { addMutation, addPlainMutation, createResultType } from '../../../graphql/mutation.ts';
import { requestEmailVerification, verifyEmail } from '../service/verify-email.ts';

const RequestEmailVerificationSuccess = builder
  .objectRef<{ emailVerified: boolean }>('RequestEmailVerificationSuccess')
  .implement({
    description: 'A mail with a link is on its way, unless the address is proven already.',
    fields: (t) => ({
      emailVerified: t.exposeBoolean('emailVerified', {
        description: 'True where the address is proven already and no mail was sent.',
      }),
    }),
  });

addPlainMutation('requestEmailVerification', {
  description: 'Mails the caller a link that proves its address; earlier links are void.',
  result: createResultType('RequestEmailVerification', RequestEmailVerificationSuccess, [
    RateLimitedError,
  ]),
  resolve: async (ctx) => ({ emailVerified: await requestEmailVerification(ctx) }),
});

const VerifyEmailInput = builder.inputType('VerifyEmailInput', {
  description: 'What came by mail.',
  fields: (t) => ({
    token: t.string({ required: true, description: 'The token of the link; good for 24 hours.' }),
  }),
});

const VerifyEmailSuccess = builder.objectRef<{ email: string }>('VerifyEmailSuccess').implement({
  description: 'The address is proven to be its user’s.',
  fields: (t) => ({ email: t.exposeString('email', { description: 'Which address.' }) }),
});

addMutation('verifyEmail', {
  description: 'Proves an e-mail address with the token that was mailed to it. Works once.',
  input: VerifyEmailInput,
  callers: 'anybody',
  result: createResultType('VerifyEmail', VerifyEmailSuccess),
  resolve: async (ctx, { token }) => ({ email: await verifyEmail(ctx, token) }),
});
