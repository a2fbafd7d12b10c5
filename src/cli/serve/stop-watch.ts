import type { Logger } from '../../observability/logger.ts';

/** When the process should stop, and with which exit code. */
export type StopWatch = {
  /** Resolves at the first signal or uncaught error; never rejects. */
  asked: Promise<void>;
  isAsked: () => boolean;
  /** 0 after a signal, 1 after an error. */
  getExitCode: () => 0 | 1;
};

/** Signals that stop a server: from a supervisor, Ctrl-C, or a closed terminal. */
export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Under npm one Ctrl-C can arrive as two different signals, so each is counted separately. */
const signalsToForce = 3;

/**
 * Installs handlers: signals and uncaught errors request an orderly shutdown. The third signal of a kind ends the
 * process at once; the embedded database keeps running, and the next start adopts it.
 */
export function watchForStop(log: Logger): StopWatch {
  let isAsked = false;
  let exitCode: 0 | 1 = 0;
  let resolveAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    resolveAsked = resolve;
  });
  const ask = () => {
    isAsked = true;
    resolveAsked();
  };
  for (const signal of stopSignals) {
    let count = 0;
    process.on(signal, () => {
      count += 1;
      if (count >= signalsToForce) {
        log.warn({ signal }, 'stopped immediately, without waiting for requests');
        process.exit(1);
      }
      if (!isAsked) log.info({ signal }, 'stopping');
      ask();
    });
  }
  watchForErrors(log, () => {
    exitCode = 1;
    ask();
  });
  return { asked, isAsked: () => isAsked, getExitCode: () => exitCode };
}

/** Logs uncaught errors and calls `onError` instead of crashing. */
export function watchForErrors(log: Logger, onError: () => void): void {
  // Includes unhandled rejections.
  process.on('uncaughtException', (err, origin) => {
    log.fatal({ err, origin }, 'uncaught error; stopping');
    onError();
  });
}
