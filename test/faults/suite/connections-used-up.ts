import pg from 'pg';
import type { Fault } from '../../support/faults/fault.ts';
import { pass } from '../../support/faults/stage.ts';

/** The pool's connections are cut while strangers hold all others, so that none can be replaced. */
export const fault: Fault = {
  name: 'too many connections',
  needs: { cluster: { overrides: { max_connections: '30' } } },
  async inject(stage, { isQuick }) {
    const url = stage.cluster.database.appUrl;
    const strangers: pg.Client[] = [];
    const fill = async () => {
      for (;;) {
        const stranger = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
        stranger.on('error', () => undefined);
        try {
          await stranger.connect();
        } catch (error) {
          return String((error as { code?: string }).code);
        }
        strangers.push(stranger);
      }
    };
    const first = await fill();
    stage.link.cutAll();
    await fill();
    // The superuser's reserved connections still let an operator in.
    const [seen] = await stage.query<{ count: number }>(
      'select count(*)::int from pg_stat_activity',
    );
    await pass(isQuick ? 1 : 5);
    await Promise.all(strangers.map((stranger) => stranger.end()));
    return `refused with ${first} at ${seen?.count} processes; the operator got in`;
  },
  expectation: {
    words: 'UNAVAILABLE while none is free; the operator still gets in; then as before',
    codes: ['UNAVAILABLE'],
    rejectionP99MsMax: 2_000,
    fullRateMsMax: 5_000,
  },
};
