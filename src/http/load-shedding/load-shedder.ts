import type { ClientDisconnect } from '../client-disconnect.ts';
import { createOverload, createPace, type OverloadListeners } from './overload.ts';

/** The maximum number of operations in flight in one process, and of those queued. */
export type LoadLimits = { inFlightMax: number; inFlightQueueMax: number };

export type LoadStats = {
  /** Operations in progress, without suspended ones. */
  inFlight: number;
  waiting: number;
  /** Operations shed since the start. */
  shed: number;
};

/** Frees the slot; a second call does nothing. */
export type Release = () => void;

/** Admits as many operations as finish in time and sheds the rest before any work is done. */
export type LoadShedder = {
  /** Whether the next operation must be shed; true also counts it as shed. */
  mustShed(): boolean;
  /** Takes a slot, at once or after queueing. Null for a shed operation and after a client disconnect. */
  enter(getDisconnect: () => ClientDisconnect): Release | null | Promise<Release | null>;
  /** Starts queued operations after one in flight was suspended. */
  noteSuspended(): void;
  stats(): LoadStats;
};

export type LoadShedderOptions = LoadLimits &
  OverloadListeners & {
    /** The number of admitted operations suspended behind another limit; they hold no slot meanwhile. */
    countSuspended: () => number;
  };

/** The longest time in the queue; the deadline of an operation begins after it. */
const waitMsMax = 2_000;

type Waiter = { resolve: (release: Release | null) => void; timer: NodeJS.Timeout };

/**
 * Admits `inFlightMax` operations at a time and queues the next `inFlightQueueMax` in order, so that a burst or
 * a pause of the database fails nothing. When the queue is full, or a wait reaches two seconds or would at
 * the present pace, the process is overloaded, and a queue only delays everything: it is cleared, and nothing
 * queues for a second.
 */
export function createLoadShedder(options: LoadShedderOptions): LoadShedder {
  const { inFlightMax, inFlightQueueMax, countSuspended } = options;
  const queue = new Set<Waiter>();
  const overload = createOverload(options);
  const pace = createPace();
  let admitted = 0;

  const countInFlight = () => Math.max(0, admitted - countSuspended());
  const hasCapacity = () => countInFlight() < inFlightMax;

  function takeSlot(): Release {
    admitted += 1;
    return once(() => {
      admitted -= 1;
      pace.recordEnd(queue.size > 0);
      startWaiting();
    });
  }

  function startWaiting(): void {
    for (const waiter of queue) {
      if (!hasCapacity()) return;
      settle(waiter, takeSlot());
    }
  }

  function settle(waiter: Waiter, release: Release | null): void {
    clearTimeout(waiter.timer);
    queue.delete(waiter);
    waiter.resolve(release);
  }

  function clearQueue(): void {
    overload.recordShed(queue.size, { isCause: true });
    for (const waiter of queue) settle(waiter, null);
  }

  function mustShed(): boolean {
    if (hasCapacity()) return false;
    const isQueueFull = queue.size >= inFlightQueueMax || pace.getWaitMs(queue.size) > waitMsMax;
    if (!isQueueFull && !overload.isOn()) return false;
    overload.recordShed(1, { isCause: isQueueFull });
    if (queue.size > 0) clearQueue();
    return true;
  }

  function waitForTurn(disconnect: ClientDisconnect): Promise<Release | null> {
    return new Promise((resolve) => {
      if (disconnect.aborted) return resolve(null);
      const timer = setTimeout(clearQueue, waitMsMax);
      const waiter = { resolve, timer };
      queue.add(waiter);
      disconnect.addEventListener('abort', () => {
        if (queue.has(waiter)) settle(waiter, null);
      });
    });
  }

  return {
    mustShed,
    enter(getDisconnect) {
      startWaiting();
      if (queue.size === 0 && hasCapacity()) return takeSlot();
      return mustShed() ? null : waitForTurn(getDisconnect());
    },
    noteSuspended: startWaiting,
    stats: () => ({
      inFlight: countInFlight(),
      waiting: queue.size,
      shed: overload.countShed(),
    }),
  };
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}
