import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Arena, openArena } from '../tools/prove/arena.ts';
import { judge } from '../tools/prove/judge.ts';
import { prove } from '../tools/prove/prove.ts';

// The small form of `npm run db:prove`: without the figures of time, and with little in it.

let arena: Arena;
beforeAll(async () => {
  arena = await openArena({ isHasty: true });
});
afterAll(() => arena.clear());

test('every operation finds what it reads by an index, and every index is used by one', async () => {
  const findings = await prove(arena, { users: 100_000, isTimed: false });
  expect(findings.ledger.size).toBeGreaterThan(100);
  expect(judge(findings, null)).toEqual([]);
}, 600_000);
