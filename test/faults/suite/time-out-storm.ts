import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase } from '../../../src/db/database.ts';
import { noScope } from '../../../src/db/scope.ts';
import type { Fault } from '../../support/faults/fault.ts';
import type { Stage } from '../../support/faults/stage.ts';
import { rolesOf } from '../../support/serving.ts';

/**
 * Prisma limits a transaction to 5 s, and most of its reported transaction bugs happen at that moment. These
 * transactions pause for about as long, so that they time out before, during and after the commit.
 */
export const fault: Fault = {
  name: 'time-out storm: transactions that run for as long as allowed',
  async inject(stage, { isQuick }) {
    await stage.query('create table storm (pair int, half int, primary key (pair, half))');
    await stage.query(
      `grant select, insert on storm to ${rolesOf(stage.cluster.database.ownerUrl).app}`,
    );
    const database = createDatabase({
      url: stage.cluster.database.appUrl,
      poolSize: 20,
      acquireTimeoutMs: 1_000,
      statementTimeoutMs: 3_000,
      queryTimeoutMs: 4_000,
      connectionMaxAgeSeconds: 3_600,
    });
    const done = new Set<number>();
    const rounds = isQuick ? 1 : 6;
    for (let round = 0; round < rounds; round += 1) {
      const works = Array.from({ length: 20 }, async (_, index) => {
        const pair = round * 20 + index;
        // The transaction takes 4,960 to 5,036 ms in total.
        const pauseMs = 4_950 + index * 4;
        await database.transaction(noScope, async (tx) => {
          await tx.$executeRaw`insert into storm values (${pair}, 1)`;
          await sleep(pauseMs);
          await tx.$executeRaw`insert into storm values (${pair}, 2)`;
        });
        done.add(pair);
      });
      await Promise.allSettled(works);
    }
    await database.close();
    return verifyStored(stage, done, rounds * 20);
  },
  expectation: {
    words: 'no transaction is stored partially, and no failed one is stored',
    codes: [],
  },
};

/** Every transaction is stored completely or not at all, and every acknowledged one completely. */
async function verifyStored(stage: Stage, done: Set<number>, all: number): Promise<string> {
  const rows = await stage.query<{ pair: number; halves: number }>(
    'select pair, count(*)::int as halves from storm group by pair',
  );
  const halves = rows.filter((row) => row.halves !== 2);
  if (halves.length > 0) throw new Error(`${halves.length} transactions were stored partially`);
  const stored = new Set(rows.map(({ pair }) => pair));
  const lost = [...done].filter((pair) => !stored.has(pair));
  if (lost.length > 0) throw new Error(`${lost.length} acknowledged transactions are missing`);
  return `${all - done.size} of ${all} failed, of which ${stored.size - done.size} were stored`;
}
