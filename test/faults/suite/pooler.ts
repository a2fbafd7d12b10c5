import type { Fault } from '../../support/faults/fault.ts';
import { pass } from '../../support/faults/stage.ts';
import { findPgBouncer, startPooler } from '../../support/pooler.ts';

/** Four connections for twelve clients of four tenants: whatever sticks to a connection would show. */
export const fault: Fault = {
  name: 'a transaction pooler (pgbouncer) in between',
  findObstacle: async () =>
    findPgBouncer() === null ? 'there is no pgbouncer from 1.21 on' : null,
  needs: {
    async between(appUrl) {
      const pooler = await startPooler(findPgBouncer() ?? '', [appUrl], {
        default_pool_size: 4,
      });
      return { url: pooler.reroute(appUrl), close: pooler.close };
    },
  },
  async inject(_stage, { isQuick }) {
    await pass(isQuick ? 3 : 20);
    return undefined;
  },
  expectation: { words: 'no scope sticks to a connection', codes: [] },
};
