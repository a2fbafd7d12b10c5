/** Work that is done again and again in the background of a process. */
export type RepeatingJob = {
  /** Asks for a run now; during a run, for one right after it. */
  wake(): void;
  /** No run begins any more; resolves when the one under way has ended. */
  stop(): Promise<void>;
};

/** How often it runs, what it does, and who learns of a run that failed. */
export type RepeatingJobOptions = {
  everyMs: number;
  run: (signal: AbortSignal) => Promise<void>;
  onError: (error: unknown) => void;
};

/** A repeating job that waits until it is needed. */
export type IdleJob = {
  /** Starts the job the first time, and does nothing after that or after `stop`. */
  begin(): void;
  stop(): Promise<void>;
};

/** The job of startRepeatingJob, with no timer before `begin`: a command that needs none has none. */
export function createIdleJob(options: RepeatingJobOptions): IdleJob {
  let job: RepeatingJob | null = null;
  let isStopped = false;
  return {
    begin() {
      if (!isStopped) job ??= startRepeatingJob(options);
    },
    async stop() {
      isStopped = true;
      await job?.stop();
    },
  };
}

/**
 * Runs `run` every `everyMs` milliseconds, counted from the end of the run before, so that runs never
 * overlap. What a run throws goes to `onError` and the next comes all the same. Does not keep the
 * process alive. `run` is told through the signal that it should come to an end.
 */
export function startRepeatingJob(options: RepeatingJobOptions): RepeatingJob {
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
