import { expect, test } from 'vitest';
import { createRateBudgets } from '../../../src/lib/rate-budgets.ts';

/** Budgets under a clock that the test moves. */
function createBudgets(perMinute: number) {
  const clock = { ms: 5_000 };
  const budgets = createRateBudgets(perMinute, () => clock.ms);
  const takeUntilRefused = (name: string) => {
    let taken = 0;
    while (budgets.take(name) === 0) taken += 1;
    return taken;
  };
  return { clock, budgets, takeUntilRefused };
}

test('a name may take its budget at once, and not one more', () => {
  const { budgets, takeUntilRefused } = createBudgets(60);
  expect(takeUntilRefused('one')).toBe(60);
  expect(budgets.getWaitSeconds('one')).toBe(1);
  expect(takeUntilRefused('other')).toBe(60);
});

test('what was taken comes back evenly over a minute, and never more than the budget', () => {
  const { clock, takeUntilRefused } = createBudgets(60);
  takeUntilRefused('one');
  clock.ms += 10_000;
  expect(takeUntilRefused('one')).toBe(10);
  clock.ms += 10 * 60_000;
  expect(takeUntilRefused('one')).toBe(60);
});

test('the wait that is told is long enough, and not a second too long', () => {
  const { clock, budgets, takeUntilRefused } = createBudgets(3);
  takeUntilRefused('one');
  clock.ms += 500;
  const waitSeconds = budgets.getWaitSeconds('one');
  expect(waitSeconds).toBe(20);
  clock.ms += (waitSeconds - 1) * 1_000;
  expect(budgets.take('one')).toBe(1);
  clock.ms += 1_000;
  expect(budgets.take('one')).toBe(0);
});

test('a refused attempt costs nothing, so anyone who keeps asking gets through in time', () => {
  const { clock, budgets, takeUntilRefused } = createBudgets(60);
  takeUntilRefused('one');
  for (let count = 0; count < 1_000; count += 1) budgets.take('one');
  clock.ms += 1_000;
  expect(budgets.take('one')).toBe(0);
});

test('a name that was forgotten, or never seen, has its whole budget', () => {
  const { budgets, takeUntilRefused } = createBudgets(5);
  takeUntilRefused('one');
  budgets.forget('one');
  expect(budgets.getWaitSeconds('one')).toBe(0);
  expect(takeUntilRefused('one')).toBe(5);
});
