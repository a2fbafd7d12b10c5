/** A job that runs repeatedly in the background. */
export type RepeatingJob = {
  /** Runs the job now, or right after the current run. */
  wake(): void;
  /** Prevents further runs; resolves when the current one ends. */
  stop(): Promise<void>;
};

/** The interval after each run, the work, and the handler of failed runs. */
export type RepeatingJobOptions = {
  everyMs: number;
  run: (signal: AbortSignal) => Promise<void>;
  onError: (error: unknown) => void;
};

/** A repeating job that starts on first use. */
export type IdleJob = {
  /** Starts the job; does nothing if started before or after `stop`. */
  begin(): void;
  stop(): Promise<void>;
};

/** Creates a repeating job without a timer until `begin`. */
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
 * Calls `run` every `everyMs` milliseconds after the previous run ended, so runs never overlap. Errors go to `onError`
 * and do not stop the job. Does not keep the process alive. The signal aborts when the job stops.
 */
export function startRepeatingJob(options: RepeatingJobOptions): RepeatingJob {
  const { everyMs, run, onError } = options;
  const stopping = new AbortController();
  let isRequested = false;
  let current: Promise<void> | null = null;
  let timer = schedule();

  function schedule(): NodeJS.Timeout {
    return setTimeout(start, everyMs).unref();
  }

  function start(): void {
    clearTimeout(timer);
    isRequested = false;
    current = run(stopping.signal)
      .catch(onError)
      .then(() => {
        current = null;
        if (stopping.signal.aborted) return;
        if (isRequested) start();
        else timer = schedule();
      });
  }

  return {
    wake() {
      if (stopping.signal.aborted) return;
      if (current === null) start();
      else isRequested = true;
    },
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await current;
    },
  };
}
