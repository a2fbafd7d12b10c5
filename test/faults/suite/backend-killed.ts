import type { Fault } from '../../support/faults/fault.ts';

/** PostgreSQL can no longer trust its shared memory, so it closes all connections and recovers. */
export const fault: Fault = {
  name: 'one backend killed (SIGKILL)',
  async inject(stage) {
    const [backend] = await stage.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'tenantry' limit 1`,
    );
    if (backend) process.kill(backend.pid, 'SIGKILL');
    return undefined;
  },
  expectation: {
    words: 'all connections drop, PostgreSQL recovers; the only error is UNAVAILABLE',
    codes: ['UNAVAILABLE'],
    fullRateMsMax: 5_000,
  },
};
