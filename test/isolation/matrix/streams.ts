import type { TestApp } from '../../support/app.ts';
import { waitUntil } from '../../support/child.ts';
import { follow } from '../../support/streams.ts';
import { countOwn } from './background.ts';
import type { WireResponse } from './call.ts';
import type { Operation } from './document.ts';

/**
 * Reads the first event of a subscription, then disconnects. If the subscription starts, an audit entry
 * about every user makes sure that there is an event; it is deleted again.
 */
export async function callStream(
  app: TestApp,
  operation: Operation,
  token: string | null,
): Promise<WireResponse> {
  const { streams } = app.app.runtime;
  app.statements.length = 0;
  const stream = await follow(app.url, operation.query, { token, variables: operation.variables });
  const statementCount = countOwn(app.statements);
  if (streams.count() > 0) await appendEvents(app);
  const response = await stream.next();
  await stream.leave();
  await waitUntil(async () => streams.count() === 0 && isIdle(app));
  await app.owner.query('delete from audit_events where sequence = $1', [unusedSequence]);
  return { status: stream.status, text: JSON.stringify(response), statementCount };
}

/** True if no statement is running that would be counted for the next call. */
function isIdle({ app }: TestApp): boolean {
  const { size, idle, waiting } = app.db.poolStat();
  return idle === size && waiting === 0;
}

/** A sequence number that no other entry reaches. */
const unusedSequence = 1_000_000;

async function appendEvents(app: TestApp): Promise<void> {
  await app.owner.query(
    `insert into audit_events (chain_id, sequence, action, person_id, target_type, target_id, changes, hash)
     select id, $1, 'sessions.revoked', id, 'User', id, '{}', '' from users`,
    [unusedSequence],
  );
}
