import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Arena, openArena } from '../tools/prove/arena.ts';
import { judge } from '../tools/prove/judge.ts';
import { prove } from '../tools/prove/prove.ts';

// The small form of `npm run db:prove`, without timings and with few rows.

let arena: Arena;
beforeAll(async () => {
  arena = await openArena({ isHasty: true });
});
afterAll(() => arena.clear());

test('every operation reads by an index, and every index is used by an operation', async () => {
  const findings = await prove(arena, { users: 100_000, isTimed: false });
  expect(findings.ledger.size).toBeGreaterThan(100);
  expect(judge(findings, null)).toEqual([]);
}, 600_000);
