import { getGrantFinder } from '../../../../src/core/streams/recheck.ts';
import { noScope } from '../../../../src/db/scope.ts';
import { claimMails, deleteMail, postponeMail } from '../../../../src/domains/mail/queries.ts';
import { deleteAllExpired } from '../../../../src/domains/maintenance/service.ts';
import type { World } from './world.ts';

/** Background work: sending mails, deleting expired data and recording last use. */
export async function playBackground({ record, app: { db, runtime }, client }: World) {
  await record('sending mails', () =>
    db.transaction(noScope, async (tx) => {
      const [first, second] = await claimMails(tx, { rowsMax: 10, leaseSeconds: 120 });
      if (!first || !second) throw new Error('no mail is waiting');
      await postponeMail(tx, first, { waitSeconds: 60, fault: 'made up' });
      await deleteMail(tx, second.id);
    }),
  );
  await record('deleting expired data', () => deleteAllExpired(db, { consecutiveMax: 100 }));
  // The server does this about once a second.
  const { rows: sessions } = await client.query<{ id: string }>('select id from sessions limit 50');
  const { rows: keys } = await client.query<{ id: string }>('select id from api_keys limit 50');
  const [sessionIds, keyIds] = [sessions, keys].map((rows) => rows.map(({ id }) => id));
  await record('recording last use', () =>
    db.read(noScope, async (tx) => {
      await tx.$queryRaw`select touch_sessions(${sessionIds}::uuid[])::text`;
      await tx.$queryRaw`select touch_api_keys(${keyIds}::uuid[])::text`;
      await tx.$queryRaw`select note_sign_in_failures(3)::text`;
    }),
  );
  await record('checking streams', async () => {
    await getGrantFinder(runtime)({
      userId: crypto.randomUUID(),
      tenantId: crypto.randomUUID(),
      permission: 'audit:read',
    });
  });
}
