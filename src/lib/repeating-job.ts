/** Work that is done again and again in the background of a process. */
export type RepeatingJob = {
  /** Asks for a run now; during a run, for one right after it. */
  wake(): void;
  /** No run begins any more; resolves when the one under way has ended. */
  stop(): Promise<void>;
};

/**
 * Runs `run` every `everyMs` milliseconds, counted from the end of the run before, so that runs never
 * overlap. What a run throws goes to `onError` and the next comes all the same. Does not keep the
 * process alive. `run` is told through the signal that it should come to an end.
 */
export function startRepeatingJob(options: {
  everyMs: number;
  run: (signal: AbortSignal) => Promise<void>;
  onError: (error: unknown) => void;
}): RepeatingJob {
  const { everyMs, run, onError } = options;
  const stopping = new AbortController();
  let isAsked = false;
  let current: Promise<void> | null = null;
  let timer = schedule();

  function schedule(): NodeJS.Timeout {
    return setTimeout(start, everyMs).unref();
  }

  function start(): void {
    clearTimeout(timer);
    isAsked = false;
    current = run(stopping.signal)
      .catch(onError)
      .then(() => {
        current = null;
        if (stopping.signal.aborted) return;
        if (isAsked) start();
        else timer = schedule();
      });
  }

  return {
    wake() {
      if (stopping.signal.aborted) return;
      if (current === null) start();
      else isAsked = true;
    },
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await current;
    },
  };
}
