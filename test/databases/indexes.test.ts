import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ProofCluster, startProofCluster } from '../tools/prove/cluster.ts';
import { prove } from '../tools/prove/prove.ts';
import { listViolations } from '../tools/prove/violations.ts';

// The small form of `npm run db:prove`, without timings and with few rows.

let cluster: ProofCluster;
beforeAll(async () => {
  cluster = await startProofCluster({ isFast: true });
});
afterAll(() => cluster.clear());

test('every operation reads by an index, and every index is used by an operation', async () => {
  const findings = await prove(cluster, { users: 100_000, isTimed: false });
  expect(findings.statements.size).toBeGreaterThan(100);
  expect(listViolations(findings, null)).toEqual([]);
}, 600_000);
