import type { Invitation } from '../../core/entities.ts';
import type { Mail } from '../../core/mail.ts';

/** The parts of an invitation mail. Names are what people typed. */
export type InvitationMail = {
  invitation: Pick<Invitation, 'email' | 'expiresAt'>;
  tenantName: string;
  /** Null where it is nobody's. */
  inviterName: string | null;
  token: string;
};

const nameMax = 60;

/** All that does not show, except what joins one emoji to the next. */
const invisible =
  /(?!(?<=\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)\u200d\p{Extended_Pictographic})[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The mail that brings the link; the only place where the token stands. */
export function composeInvitation(about: InvitationMail): Mail {
  const { invitation } = about;
  const tenant = toMailName(about.tenantName) || 'a team';
  const inviter = toMailName(about.inviterName ?? '') || 'Somebody';
  return {
    to: invitation.email,
    subject: `Invitation to join ${tenant}`,
    body: [
      `${inviter} invites you to join "${tenant}".`,
      'To accept or decline, open this page:',
      { link: 'invitation', token: about.token },
      `The invitation is for ${invitation.email} only: sign in or sign up with this address. ` +
        `It is valid until ${invitation.expiresAt.toUTCString()}.`,
      'If you did not expect it, you can ignore this mail.',
    ],
  };
}

/**
 * A name as it may stand in a mail that carries our own link: one short line, in which no mail
 * program finds an address to make clickable. Promises: no line break, no invisible character, no
 * `:`, `/`, `@` or quotation mark, no full stop (or what a browser takes for one) inside a word. Throws
 * nothing.
 */
export function toMailName(name: string): string {
  const line = name
    .normalize('NFKC')
    .replace(invisible, ' ')
    .replace(/[:/\\@<>"'`[\]()]/g, ' ')
    // The dots that IDNA reads as one: https://www.unicode.org/reports/tr46/
    .replace(/[.\u3002\uff0e\uff61](?=\S)/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const points = [...line];
  return points.length > nameMax ? `${points.slice(0, nameMax).join('').trimEnd()}…` : line;
}
