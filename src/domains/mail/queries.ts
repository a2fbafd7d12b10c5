import type { Db } from '../../db/database.ts';

/** A mail that this process alone may send until its lease ends. */
export type ClaimedMail = {
  id: string;
  recipient: string;
  sealedMessage: Uint8Array;
  /** This one included. */
  attempts: number;
  createdAt: Date;
  ageSeconds: number;
};

/** Mails that are due, at most `rowsMax`; each is due again after the lease, unless it is finished. */
export function claimMails(
  db: Db,
  { rowsMax, leaseSeconds }: { rowsMax: number; leaseSeconds: number },
): Promise<ClaimedMail[]> {
  return db.$queryRaw<ClaimedMail[]>`
    select id, recipient, sealed_message as "sealedMessage", attempts, created_at as "createdAt",
      age_seconds as "ageSeconds"
    from claim_mails(${rowsMax}::int, ${leaseSeconds}::int)`;
}

/** Puts a claimed mail back; nothing happens where another process has claimed it since. */
export async function postponeMail(
  db: Db,
  { id, attempts }: Pick<ClaimedMail, 'id' | 'attempts'>,
  { waitSeconds, fault }: { waitSeconds: number; fault: string },
): Promise<void> {
  await db.$queryRaw`
    select postpone_mail(${id}::uuid, ${attempts}::int, ${waitSeconds}::int, ${fault})::text`;
}

/** Removes a mail that was sent, or is given up. */
export async function deleteMail(db: Db, id: string): Promise<void> {
  await db.$queryRaw`select delete_mail(${id}::uuid)::text`;
}

/** A mail in the inbox of development. */
export type InboxRow = {
  id: string;
  recipient: string;
  sealedMessage: Uint8Array;
  createdAt: Date;
};

/** The newest mails of the inbox, newest first. */
export function listInbox(db: Db, rowsMax: number): Promise<InboxRow[]> {
  return db.$queryRaw<InboxRow[]>`
    select id, recipient, sealed_message as "sealedMessage", created_at as "createdAt"
    from list_inbox(${rowsMax}::int)`;
}
