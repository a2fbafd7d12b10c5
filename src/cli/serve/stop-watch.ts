import type { Logger } from '../../observability/logger.ts';

/** Tells when the process is to end, and with what code. */
export type StopWatch = {
  /** Resolves at the first signal or the first fault that nobody caught; never rejects. */
  asked: Promise<void>;
  isAsked: () => boolean;
  /** 0 after a signal, 1 after a fault. */
  getExitCode: () => 0 | 1;
};

/** Signals that stop a server: from a supervisor, Ctrl-C, or a closed terminal. */
export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Under npm one Ctrl-C can arrive as two different signals, so each is counted for itself. */
const signalsToForce = 3;

/**
 * From now on signals and uncaught faults ask for an orderly end in place of an abrupt one. The
 * third signal of a kind ends the process at once; the database survives that, and the next start
 * adopts it.
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
  watchForFault(log, () => {
    exitCode = 1;
    ask();
  });
  return { asked, isAsked: () => isAsked, getExitCode: () => exitCode };
}

/** From now on a fault that nobody caught is logged and notified of, in place of an abrupt end. */
export function watchForFault(log: Logger, onFault: () => void): void {
  // A rejection that nobody handles arrives here as well.
  process.on('uncaughtException', (err, origin) => {
    log.fatal({ err, origin }, 'uncaught error; stopping');
    onFault();
  });
}
