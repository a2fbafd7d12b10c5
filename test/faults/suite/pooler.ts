import type { Fault } from '../../support/faults/fault.ts';
import { pass } from '../../support/faults/stage.ts';
import { findPgBouncer, startPooler } from '../../support/pooler.ts';

/** Twelve clients of four tenants share four connections, so a scope left on a connection would be seen. */
export const fault: Fault = {
  name: 'a transaction pooler (PgBouncer) in between',
  findObstacle: async () =>
    findPgBouncer() === null ? 'PgBouncer 1.21 or newer is not installed' : null,
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
  expectation: { words: 'no scope is left on a connection', codes: [] },
};
