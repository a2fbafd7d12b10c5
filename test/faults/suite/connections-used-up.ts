import pg from 'pg';
import type { Fault } from '../../support/faults/fault.ts';
import { pass } from '../../support/faults/stage.ts';

/** Other clients hold all remaining connections, so the pool cannot replace those that are cut. */
export const fault: Fault = {
  name: 'too many connections',
  needs: { cluster: { overrides: { max_connections: '30' } } },
  async inject(stage, { isQuick }) {
    const url = stage.cluster.database.appUrl;
    const others: pg.Client[] = [];
    const fill = async () => {
      for (;;) {
        const other = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
        other.on('error', () => undefined);
        try {
          await other.connect();
        } catch (error) {
          return String((error as { code?: string }).code);
        }
        others.push(other);
      }
    };
    const first = await fill();
    stage.link.cutAll();
    await fill();
    // The connections that are reserved for superusers let an operator in.
    const [seen] = await stage.query<{ count: number }>(
      'select count(*)::int from pg_stat_activity',
    );
    await pass(isQuick ? 1 : 5);
    await Promise.all(others.map((other) => other.end()));
    return `rejected with ${first} at ${seen?.count} processes; the operator connected`;
  },
  expectation: {
    words: 'UNAVAILABLE while none is free; the operator can still connect; then normal service',
    codes: ['UNAVAILABLE'],
    rejectionP99MsMax: 2_000,
    fullRateMsMax: 5_000,
  },
};
