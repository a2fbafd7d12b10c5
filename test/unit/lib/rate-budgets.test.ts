import { expect, test } from 'vitest';
import { createRateBudgets } from '../../../src/lib/rate-budgets.ts';

/** Budgets with a clock that the test moves. */
function createBudgets(perMinute: number) {
  const clock = { ms: 5_000 };
  const budgets = createRateBudgets(perMinute, () => clock.ms);
  const takeAll = (name: string) => {
    let taken = 0;
    while (budgets.take(name) === 0) taken += 1;
    return taken;
  };
  return { clock, budgets, takeAll };
}

test('a name may take its whole budget at once, and no more', () => {
  const { budgets, takeAll } = createBudgets(60);
  expect(takeAll('one')).toBe(60);
  expect(budgets.getWaitSeconds('one')).toBe(1);
  expect(takeAll('other')).toBe(60);
});

test('a budget refills evenly over a minute and never above its size', () => {
  const { clock, takeAll } = createBudgets(60);
  takeAll('one');
  clock.ms += 10_000;
  expect(takeAll('one')).toBe(10);
  clock.ms += 10 * 60_000;
  expect(takeAll('one')).toBe(60);
});

test('the returned wait is sufficient, and not a second too long', () => {
  const { clock, budgets, takeAll } = createBudgets(3);
  takeAll('one');
  clock.ms += 500;
  const waitSeconds = budgets.getWaitSeconds('one');
  expect(waitSeconds).toBe(20);
  clock.ms += (waitSeconds - 1) * 1_000;
  expect(budgets.take('one')).toBe(1);
  clock.ms += 1_000;
  expect(budgets.take('one')).toBe(0);
});

test('a rejected attempt costs nothing, so a caller that keeps trying succeeds in time', () => {
  const { clock, budgets, takeAll } = createBudgets(60);
  takeAll('one');
  for (let count = 0; count < 1_000; count += 1) budgets.take('one');
  clock.ms += 1_000;
  expect(budgets.take('one')).toBe(0);
});

test('a forgotten or unknown name has its whole budget', () => {
  const { budgets, takeAll } = createBudgets(5);
  takeAll('one');
  budgets.forget('one');
  expect(budgets.getWaitSeconds('one')).toBe(0);
  expect(takeAll('one')).toBe(5);
});
