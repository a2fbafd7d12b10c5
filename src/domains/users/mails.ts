import type { MailContent } from '../../core/mail.ts';

export function composeVerification(token: string): MailContent {
  return {
    subject: 'Please confirm your e-mail address',
    body: [
      'Someone signed up with this e-mail address. If it was you, please confirm that it is yours:',
      { link: 'emailVerification', token },
      'The link is valid for 24 hours and works once. If it was not you, do not open it: the account would use your address. To take the address back, request a new password on the sign-in page.',
    ],
  };
}
