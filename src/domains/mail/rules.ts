const firstWaitSeconds = 5;
const waitSecondsMax = 3_600;
/** As long as mail servers commonly try; most links in mails have expired by then. */
const ageSecondsMax = 3 * 86_400;

/** The error of a mail, by the mail server or the connection to it. */
export type MailFault = {
  code?: unknown;
  /** The error that nodemailer replaces by a broad `code`, such as ECONNREFUSED or that of a certificate. */
  originalCode?: unknown;
  responseCode?: unknown;
  command?: unknown;
};

/**
 * How long to wait after this attempt, the first being 1, in seconds: 5, 10, 20 … up to an hour, of
 * which a random half is taken off, so that what failed together does not come back together.
 * `random` is from 0 to 1.
 */
export function getWaitSeconds(attempts: number, random: number): number {
  const seconds = Math.min(waitSecondsMax, firstWaitSeconds * 2 ** Math.min(attempts - 1, 20));
  return Math.ceil(seconds * (1 - random / 2));
}

/**
 * Whether no further attempt makes sense: the server will never take this mail for this recipient
 * (RFC 5321 section 4.2.1: 5yz is permanent), or it has been tried for three days. A 5yz to anything
 * else, such as signing in, is about the settings, and the mail waits until they are corrected.
 */
export function isGivenUp({ responseCode, command }: MailFault, ageSeconds: number): boolean {
  const isAboutMail = command === 'RCPT TO' || command === 'DATA';
  const isPermanent = typeof responseCode === 'number' && responseCode >= 500;
  return (isAboutMail && isPermanent) || isTooOld(ageSeconds);
}

/** Whether a mail has waited for three days, for instance until a mail server was set. */
export function isTooOld(ageSeconds: number): boolean {
  return ageSeconds >= ageSecondsMax;
}

/** The codes of a fault. What a server writes besides may name the recipient, so it is left out. */
export function describeFault({ code, originalCode, responseCode, command }: MailFault): string {
  const words = [code, command, originalCode, responseCode].filter(
    (word) => typeof word === 'number' || (typeof word === 'string' && /^[\w ]{1,40}$/.test(word)),
  );
  return words.length > 0 ? words.join(' ') : 'unknown';
}
