import type { MailContent } from '../../core/mail.ts';

/** Names no user, because it is composed before the account is looked up. */
export function composePasswordReset(token: string): MailContent {
  return {
    subject: 'Choose a new password',
    body: [
      'Someone asked to reset the password of the account with this e-mail address. If it was you, choose a new password here:',
      { link: 'passwordReset', token },
      'The link is valid for 30 minutes and works once. If it was not you, ignore this mail: the password stays as it is.',
    ],
  };
}

/** Sent after the reset of an account whose address was never verified: someone else may have signed up with it. */
export function composeAddressClaimed(): MailContent {
  return {
    subject: 'Your password was changed',
    body: [
      'The password of the account with this e-mail address was changed a moment ago. Nobody had confirmed the address before, so everything that was made with the account until now has ended: its sessions, its API keys and the invitations that it sent.',
      'If someone else had signed up with your address, check the tenants of the account and leave those that you do not know.',
      'If you did not change the password, choose a new one immediately: request it on the sign-in page.',
    ],
  };
}

/** Sent to the owner of an account, who may not have made the change. */
export function composePasswordChanged(): MailContent {
  return {
    subject: 'Your password was changed',
    body: [
      'The password of the account with this e-mail address was just changed, and its other sessions have ended.',
      'If it was not you, choose a new password immediately: request it on the sign-in page.',
    ],
  };
}
