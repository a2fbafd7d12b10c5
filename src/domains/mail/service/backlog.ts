/** The mails that are still to be sent. */
export type BacklogStats = {
  /** How many wait after an attempt of this process that failed. */
  waiting: number;
  /** How long the oldest of them has been waiting since it was written; 0 where there is none. */
  oldestSeconds: number;
};

export type MailBacklog = {
  /** It was not taken, and is tried again after this long. */
  noteWaiting(mail: { id: string; ageSeconds: number }, waitSeconds: number): void;
  /** It is sent, or given up. */
  noteDone(id: string): void;
  stats(): BacklogStats;
};

/** After that many, the figure stands still: enough to tell that nothing leaves. */
const mailsMax = 10_000;

/**
 * Keeps count of mails that wait, without asking the database, which shows the outbox to nobody. When one
 * is due another process may take it, so it is forgotten `leaseSeconds` after that, unless it fails here
 * again: summed over all processes the counts are right but for those seconds. A process that has just
 * started knows of a mail after its next attempt, which is within the hour.
 */
export function createMailBacklog(
  leaseSeconds: number,
  now = () => performance.now(),
): MailBacklog {
  const mails = new Map<string, { writtenAt: number; forgetAt: number }>();
  return {
    noteWaiting({ id, ageSeconds }, waitSeconds) {
      if (mails.size >= mailsMax && !mails.has(id)) return;
      mails.set(id, {
        writtenAt: now() - ageSeconds * 1_000,
        forgetAt: now() + (waitSeconds + leaseSeconds) * 1_000,
      });
    },
    noteDone: (id) => mails.delete(id),
    stats() {
      const at = now();
      let oldest = at;
      for (const [id, { writtenAt, forgetAt }] of mails) {
        if (forgetAt < at) mails.delete(id);
        else oldest = Math.min(oldest, writtenAt);
      }
      return { waiting: mails.size, oldestSeconds: (at - oldest) / 1_000 };
    },
  };
}
