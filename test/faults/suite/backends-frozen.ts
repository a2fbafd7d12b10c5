import type { Fault } from '../../support/faults/fault.ts';
import { pass } from '../../support/faults/stage.ts';

/** Freezes half of the pool: the connections stay open, but never respond. */
export const fault: Fault = {
  name: 'half of the backends frozen (SIGSTOP)',
  async inject(stage, { isQuick }) {
    const backends = await stage.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'tenantry' order by pid limit 4`,
    );
    for (const { pid } of backends) process.kill(pid, 'SIGSTOP');
    await pass(isQuick ? 5 : 10);
    for (const { pid } of backends) process.kill(pid, 'SIGCONT');
    return `${backends.length} backends`;
  },
  expectation: {
    words: 'the query time-out frees the slots within 4 s; the other slots keep working',
    codes: ['UNAVAILABLE'],
    rejectionP99MsMax: 5_200,
    fullRateMsMax: 5_000,
  },
};
