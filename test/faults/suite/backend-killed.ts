import type { Fault } from '../../support/faults/fault.ts';

/** PostgreSQL cannot trust its shared memory after that, so it ends all sessions and recovers. */
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
    words: 'all sessions drop, PostgreSQL recovers, only UNAVAILABLE',
    codes: ['UNAVAILABLE'],
    fullRateMsMax: 5_000,
  },
};
