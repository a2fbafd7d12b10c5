import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startRepeatingJob } from '../../../src/lib/repeating-job.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A job whose runs the test ends. */
function startJob() {
  const runs: PromiseWithResolvers<void>[] = [];
  const errors: unknown[] = [];
  const job = startRepeatingJob({
    everyMs: 1_000,
    run: () => {
      const run = Promise.withResolvers<void>();
      runs.push(run);
      return run.promise;
    },
    onError: (error) => errors.push(error),
  });
  const end = async (index: number) => {
    runs[index]?.resolve();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { job, runs, errors, end };
}

describe('a repeating job', () => {
  test('runs again one interval after its last run ended, and never twice at once', async () => {
    const { runs, end } = startJob();
    await vi.advanceTimersByTimeAsync(999);
    expect(runs).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(runs).toHaveLength(1);
    await end(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(runs).toHaveLength(2);
  });

  test('runs at once when woken, and once more when woken during a run', async () => {
    const { job, runs, end } = startJob();
    job.wake();
    expect(runs).toHaveLength(1);
    job.wake();
    job.wake();
    expect(runs).toHaveLength(1);
    await end(0);
    expect(runs).toHaveLength(2);
    await end(1);
    expect(runs).toHaveLength(2);
  });

  test('continues after a failed run', async () => {
    const { job, runs, errors } = startJob();
    job.wake();
    runs[0]?.reject(new Error('no'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(errors).toEqual([new Error('no')]);
    expect(runs).toHaveLength(2);
  });

  test('stops after the current run and stays stopped', async () => {
    const { job, runs, end } = startJob();
    job.wake();
    let isStopped = false;
    const stopping = job.stop().then(() => {
      isStopped = true;
    });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(isStopped).toBe(false);
    await end(0);
    await stopping;
    job.wake();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(runs).toHaveLength(1);
  });
});
