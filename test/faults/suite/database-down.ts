import type { Fault } from '../../support/faults/fault.ts';
import { pass, type Stage } from '../../support/faults/stage.ts';

export const fault: Fault = {
  name: 'PostgreSQL down for 60 s',
  async inject(stage, { isQuick }) {
    await stage.cluster.stop('SIGINT');
    await pass(1);
    await verifyProbes(stage);
    await verifyRejection(stage);
    await pass(isQuick ? 1 : 58);
    await stage.cluster.restart();
    return undefined;
  },
  expectation: {
    words: 'alive, but not ready; requests are rejected within 1 s; no queue grows',
    codes: ['UNAVAILABLE'],
    rejectionP99MsMax: 1_200,
    fullRateMsMax: 2_500,
  },
};

/** The error response says when to retry. */
async function verifyRejection({ servers, teams }: Stage): Promise<void> {
  const response = await fetch(`${servers[0]?.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${teams[0]?.owner.token}`,
    },
    body: JSON.stringify({ query: '{ viewer { user { id } } }' }),
  });
  if (response.status !== 503 || !response.headers.has('retry-after')) {
    throw new Error(`without a database /graphql returns ${response.status}`);
  }
}

/** `/healthz` reports the process alone; `/readyz` the database as well. */
async function verifyProbes({ servers }: Stage): Promise<void> {
  const url = servers[0]?.url;
  const live = await fetch(`${url}/healthz`);
  if (live.status !== 200) throw new Error(`/healthz returns ${live.status} without a database`);
  const ready = await fetch(`${url}/readyz`);
  if (ready.status !== 503 && ready.status !== 404) {
    throw new Error(`/readyz returns ${ready.status} without a database`);
  }
}
