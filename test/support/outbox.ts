import { createSealer } from '../../src/lib/sealer.ts';
import type { TestApp } from './app.ts';

/** A mail as it waits to be sent. */
export type WaitingMail = { to: string; subject: string; text: string };

// With the secret of startTestApp().
const sealer = createSealer('a secret that only the tests know', 'mail');

/** The mails to an address that wait in the outbox, oldest first. */
export async function listMails(app: TestApp, to: string): Promise<WaitingMail[]> {
  const { rows } = await app.owner.query<{ sealed: Buffer }>(
    'select sealed_message as sealed from mail_outbox where recipient = $1 order by id',
    [to],
  );
  return rows.map(({ sealed }) => ({ to, ...JSON.parse(sealer.open(sealed) ?? 'null') }));
}

/** The token in the link of the newest invitation to an address. */
export async function readToken(app: TestApp, to: string): Promise<string> {
  const texts = (await listMails(app, to)).map(({ text }) => text);
  const tokens = texts.flatMap((text) => /#token=(tenantry_invite_\S+)/.exec(text)?.[1] ?? []);
  const token = tokens.at(-1);
  if (token === undefined) throw new Error(`There is no link for ${to}`);
  return token;
}
