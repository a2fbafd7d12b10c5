import { sender, siteAddress, smtpUrl, toggle, webAddress } from './setting.ts';

/** How mails leave the server, and where the links in them lead. */
export const mailSettings = {
  SMTP_URL: smtpUrl({
    fallback: undefined,
    fallbackNote: 'none; mails then wait, or are shown by MAIL_INBOX',
    about: 'Mail server; smtp:// upgrades to TLS where the server offers it',
  }),
  MAIL_FROM: sender({
    fallback: undefined,
    fallbackNote: 'Tenantry <no-reply@localhost>; required with SMTP_URL in production',
    about: 'Sender of all mails',
  }),
  MAIL_INBOX: toggle({
    fallback: undefined,
    fallbackNote: 'on outside production if HOST is loopback and SMTP_URL is not set',
    about: 'Show mails with their tokens at /dev/inbox instead of sending them; never in public',
  }),
  PUBLIC_URL: siteAddress({
    fallback: undefined,
    fallbackNote: 'none; required with SMTP_URL in production, unless the three below are set',
    about: 'URL of your frontend; links in mails lead to /join, /verify and /reset below it',
  }),
  INVITATION_URL: webAddress({
    fallback: undefined,
    fallbackNote: 'PUBLIC_URL/join; without PUBLIC_URL a page of this server, outside production',
    about: 'Page of your frontend for invitations; the link adds #token=…',
  }),
  EMAIL_VERIFICATION_URL: webAddress({
    fallback: undefined,
    fallbackNote: 'PUBLIC_URL/verify; without PUBLIC_URL a page of this server, outside production',
    about: 'Page of your frontend that verifies e-mail addresses; the link adds #token=…',
  }),
  PASSWORD_RESET_URL: webAddress({
    fallback: undefined,
    fallbackNote: 'PUBLIC_URL/reset; without PUBLIC_URL a page of this server, outside production',
    about: 'Page of your frontend that resets passwords; the link adds #token=…',
  }),
};
