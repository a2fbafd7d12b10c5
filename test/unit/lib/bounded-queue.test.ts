import { expect, test } from 'vitest';
import { createBoundedQueue, QueueFullError } from '../../../src/lib/bounded-queue.ts';

/** Work that ends when the test opens the gate. */
function createGate() {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { work: () => promise, open: resolve };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

test('running and queued work stays within the bounds', async () => {
  const queue = createBoundedQueue({ concurrency: 2, maxQueued: 3 });
  let running = 0;
  let runningMost = 0;
  const work = async () => {
    running += 1;
    runningMost = Math.max(runningMost, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  };
  const results = await Promise.allSettled(Array.from({ length: 9 }, () => queue.run(work)));
  const rejected = results.filter((result) => result.status === 'rejected');
  expect(runningMost).toBe(2);
  expect(rejected).toHaveLength(4);
  for (const result of rejected) expect(result.reason).toBeInstanceOf(QueueFullError);
  expect(queue.stats()).toMatchObject({ running: 0, queued: 0 });
});

test('a full queue rejects work at once, without starting it', async () => {
  const queue = createBoundedQueue({ concurrency: 1, maxQueued: 0 });
  const gate = createGate();
  const first = queue.run(gate.work);
  let started = false;
  const second = queue.run(async () => {
    started = true;
  });
  await expect(second).rejects.toThrow(QueueFullError);
  expect(started).toBe(false);
  expect(queue.stats()).toMatchObject({ running: 1, queued: 0 });
  gate.open('done');
  expect(await first).toBe('done');
  expect(await queue.run(async () => 'free again')).toBe('free again');
});

test('work runs in the order in which it was queued, and later work does not overtake', async () => {
  const queue = createBoundedQueue({ concurrency: 1, maxQueued: 5 });
  const order: number[] = [];
  const gates = [createGate(), createGate(), createGate()];
  const runs = gates.map((gate, at) =>
    queue.run(async () => {
      order.push(at);
      // A slot that is passed on is the moment at which later work could overtake.
      if (at === 1) runs.push(queue.run(async () => String(order.push(3))));
      return gate.work();
    }),
  );
  expect(queue.stats()).toMatchObject({ running: 1, queued: 2 });
  for (const gate of gates) {
    gate.open('');
    await settle();
  }
  await Promise.all(runs);
  expect(order).toEqual([0, 1, 2, 3]);
});

test('preparing takes a slot, and work that would be rejected is not prepared', async () => {
  const queue = createBoundedQueue({ concurrency: 1, maxQueued: 1 });
  const gates = [createGate(), createGate()];
  const prepared = gates.map((gate) => queue.prepare(gate.work));
  let begun = 0;
  const begin = async () => {
    begun += 1;
  };
  await expect(queue.prepare(begin)).rejects.toThrow(QueueFullError);
  await expect(queue.run(begin)).rejects.toThrow(QueueFullError);
  expect(begun).toBe(0);
  expect(queue.stats()).toEqual({ running: 0, queued: 0, preparing: 2 });
  for (const gate of gates) gate.open('ready');
  expect(await Promise.all(prepared)).toEqual(['ready', 'ready']);
  await expect(queue.prepare(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(queue.stats()).toMatchObject({ running: 0, queued: 0 });
  await queue.prepare(begin);
  expect(begun).toBe(1);
});

test('work that waits too long is rejected and removed from the queue', async () => {
  const queue = createBoundedQueue({ concurrency: 1, maxQueued: 5, waitMsMax: 20 });
  const gate = createGate();
  const first = queue.run(gate.work);
  let started = false;
  const late = queue.run(async () => {
    started = true;
  });
  await expect(late).rejects.toThrow(QueueFullError);
  expect(queue.stats()).toMatchObject({ running: 1, queued: 0 });
  gate.open('done');
  expect(await first).toBe('done');
  expect(await queue.run(async () => 'free again')).toBe('free again');
  expect(started).toBe(false);
});

test('work that fails rejects with its own error and frees its slot', async () => {
  const queue = createBoundedQueue({ concurrency: 1, maxQueued: 1 });
  const rejected = queue.run(() => Promise.reject(new Error('late')));
  const thrown = queue.run(() => {
    throw new Error('at once');
  });
  await expect(rejected).rejects.toThrow('late');
  await expect(thrown).rejects.toThrow('at once');
  expect(queue.stats()).toMatchObject({ running: 0, queued: 0 });
});

test('a queue without a slot cannot be created', () => {
  for (const bounds of [
    { concurrency: 0, maxQueued: 1 },
    { concurrency: 1, maxQueued: -1 },
  ]) {
    expect(() => createBoundedQueue(bounds)).toThrow(RangeError);
  }
  expect(() => createBoundedQueue({ concurrency: Number.NaN, maxQueued: 1 })).toThrow(RangeError);
});
