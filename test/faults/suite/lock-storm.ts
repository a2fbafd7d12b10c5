import pg from 'pg';
import type { Fault } from '../../support/faults/fault.ts';
import { pass } from '../../support/faults/stage.ts';

export const fault: Fault = {
  name: 'lock storm: ACCESS EXCLUSIVE on users held for 10 s',
  async inject({ cluster }, { isQuick }) {
    const holder = new pg.Client({ connectionString: cluster.database.ownerUrl });
    await holder.connect();
    // Otherwise the database would end this transaction.
    await holder.query('set idle_in_transaction_session_timeout = 0');
    await holder.query('begin');
    await holder.query('lock table users in access exclusive mode');
    await pass(isQuick ? 3 : 10);
    await holder.end();
    return undefined;
  },
  expectation: {
    words: 'requests are rejected after waiting 2 s; nothing piles up behind them',
    codes: ['UNAVAILABLE', 'CONFLICT'],
    rejectionP99MsMax: 4_500,
    fullRateMsMax: 4_000,
  },
};
