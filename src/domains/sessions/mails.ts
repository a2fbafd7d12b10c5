import type { MailContent } from '../../core/mail.ts';

/** Says nothing of who it is for: it is written before it is known whether there is anybody. */
export function composePasswordReset(token: string): MailContent {
  return {
    subject: 'Choose a new password',
    body: [
      'Somebody has asked to choose a new password for the account with this e-mail address. If it was you:',
      { link: 'passwordReset', token },
      'The link is good for 30 minutes and for one time. If it was not you, there is nothing to do: the password stays as it is.',
    ],
  };
}

/** The same where nobody had confirmed the address before: somebody else may have signed up with it. */
export function composeAddressClaimed(): MailContent {
  return {
    subject: 'Your password was changed',
    body: [
      'The password of the account with this e-mail address was changed a moment ago. Nobody had confirmed the address before, so everything that was made with the account until now has ended: its sessions, its API keys and the invitations that it sent.',
      'If somebody else had signed up with your address, look at the tenants that the account belongs to, and leave those that you do not know.',
      'If it was not you who changed the password, choose a new one at once: ask for it on the page where you sign in.',
    ],
  };
}

/** Tells the owner of an account, who may not be who did it. */
export function composePasswordChanged(): MailContent {
  return {
    subject: 'Your password was changed',
    body: [
      'The password of the account with this e-mail address was changed a moment ago, and its other sessions have ended.',
      'If it was not you, choose a new password at once: ask for it on the page where you sign in.',
    ],
  };
}
