import type { Fault } from '../../support/faults/fault.ts';

export const fault: Fault = {
  name: 'one connection ended (pg_terminate_backend)',
  async inject(stage) {
    await stage.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'tenantry' limit 1`,
    );
    return undefined;
  },
  expectation: {
    words: 'the pool replaces it; at most the one request that used it fails',
    codes: ['UNAVAILABLE'],
    errorsMax: 1,
    fullRateMsMax: 2_000,
  },
};
