import type { ClientDisconnect } from '../client-disconnect.ts';
import { createOverload, createPace, type OverloadListeners } from './overload.ts';

/** How much of the API one process works on at once, and how much more may wait for a turn. */
export type LoadLimits = { inFlightMax: number; inFlightQueueMax: number };

export type LoadStats = {
  /** Operations being worked on, without those that are parked. */
  inFlight: number;
  waiting: number;
  /** All that were shed since the start. */
  shed: number;
};

/** Gives the place back; a second call does nothing. */
export type Release = () => void;

/** Lets in as much as can be done in good time, and turns the rest away before anything is done for it. */
export type LoadShedder = {
  /** True where a newcomer would be shed now; it then counts as one. */
  mustShed(): boolean;
  /**
   * A place, at once or after a turn in the queue. Null for a request that is shed, and for a caller that
   * went away while it waited.
   */
  enter(getDisconnect: () => ClientDisconnect): Release | null | Promise<Release | null>;
  /** Tells that there may be room although nobody left: something in here is parked now. */
  noteSuspended(): void;
  stats(): LoadStats;
};

export type LoadShedderOptions = LoadLimits &
  OverloadListeners & {
    /**
     * How many of those that are in are waiting for something that has a limit of its own, and do not count
     * meanwhile.
     */
    countSuspended: () => number;
  };

/** Nobody who is let in waited longer, which comes on top of an operation's own deadline. */
const waitMsMax = 2_000;

type Waiter = { resolve: (release: Release | null) => void; timer: NodeJS.Timeout };

/**
 * At most `inFlightMax` are in, and while that is enough the next `inFlightQueueMax` wait their turn, first
 * come, first served: a crowd or a pause of the database makes nobody fail. Once the queue is full, or
 * somebody has waited for two seconds or would have to at the present pace, more comes than can be done, and
 * waiting only makes everybody late: the queue is dissolved, and for a second nobody waits.
 */
export function createLoadShedder(options: LoadShedderOptions): LoadShedder {
  const { inFlightMax, inFlightQueueMax, countSuspended } = options;
  const queue = new Set<Waiter>();
  const overload = createOverload(options);
  const pace = createPace();
  let entered = 0;

  const countInFlight = () => Math.max(0, entered - countSuspended());
  const hasRoom = () => countInFlight() < inFlightMax;

  function takePlace(): Release {
    entered += 1;
    return once(() => {
      entered -= 1;
      pace.noteEnd(queue.size > 0);
      startWaiting();
    });
  }

  function startWaiting(): void {
    for (const waiter of queue) {
      if (!hasRoom()) return;
      dismiss(waiter, takePlace());
    }
  }

  function dismiss(waiter: Waiter, release: Release | null): void {
    clearTimeout(waiter.timer);
    queue.delete(waiter);
    waiter.resolve(release);
  }

  function dissolveQueue(): void {
    overload.noteShed(queue.size, { isCause: true });
    for (const waiter of queue) dismiss(waiter, null);
  }

  function mustShed(): boolean {
    if (hasRoom()) return false;
    const isTooLong = queue.size >= inFlightQueueMax || pace.getWaitMs(queue.size) > waitMsMax;
    if (!isTooLong && !overload.isOn()) return false;
    overload.noteShed(1, { isCause: isTooLong });
    if (queue.size > 0) dissolveQueue();
    return true;
  }

  function waitForTurn(disconnect: ClientDisconnect): Promise<Release | null> {
    return new Promise((resolve) => {
      if (disconnect.aborted) return resolve(null);
      const timer = setTimeout(dissolveQueue, waitMsMax);
      const waiter = { resolve, timer };
      queue.add(waiter);
      disconnect.addEventListener('abort', () => {
        if (queue.has(waiter)) dismiss(waiter, null);
      });
    });
  }

  return {
    mustShed,
    enter(getDisconnect) {
      startWaiting();
      if (queue.size === 0 && hasRoom()) return takePlace();
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
