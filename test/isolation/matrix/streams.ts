import type { TestApp } from '../../support/app.ts';
import { waitUntil } from '../../support/child.ts';
import { follow } from '../../support/streams.ts';
import { countOwn } from './background.ts';
import type { WireAnswer } from './call.ts';
import type { Operation } from './document.ts';

/**
 * Follows a subscription up to its first answer, and hangs up. Where it is open something is done to
 * everybody, or nothing would ever be told; it is undone before the answer is looked at.
 */
export async function callStream(
  app: TestApp,
  operation: Operation,
  token: string | null,
): Promise<WireAnswer> {
  const { streams } = app.app.runtime;
  app.statements.length = 0;
  const stream = await follow(app.url, operation.query, { token, variables: operation.variables });
  const statementCount = countOwn(app.statements);
  if (streams.count() > 0) await tellEverybody(app);
  const answer = await stream.next();
  await stream.leave();
  await waitUntil(async () => streams.count() === 0 && isIdle(app));
  await app.owner.query('delete from audit_events where sequence = $1', [farOff]);
  return { status: stream.status, text: JSON.stringify(answer), statementCount };
}

/** Nothing is under way any more that the next call might be taken to have caused. */
function isIdle({ app }: TestApp): boolean {
  const { size, idle, waiting } = app.db.poolStat();
  return idle === size && waiting === 0;
}

/** A number that no entry of the matrix comes to. */
const farOff = 1_000_000;

async function tellEverybody(app: TestApp): Promise<void> {
  await app.owner.query(
    `insert into audit_events (chain_id, sequence, action, person_id, target_type, target_id, changes, hash)
     select id, $1, 'sessions.revoked', id, 'User', id, '{}', '' from users`,
    [farOff],
  );
}
