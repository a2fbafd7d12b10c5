/** Notes that credentials were used, in the background: reading never waits for a write. */
export type LastUsedBuffer = {
  add: (id: string) => void;
  /** Writes what is still to be noted. */
  close: () => Promise<void>;
};

const writeEveryMs = 1_000;

/**
 * Collects ids and has them written about once a second, each once. What could not be written is lost
 * and told to `onError`: when something was last used is worth no second try.
 */
export function createLastUsedBuffer(options: {
  write: (ids: readonly string[]) => Promise<void>;
  onError: (error: unknown, count: number) => void;
}): LastUsedBuffer {
  const used = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    if (used.size === 0) return;
    const ids = [...used];
    used.clear();
    try {
      await options.write(ids);
    } catch (error) {
      options.onError(error, ids.length);
    }
  }

  return {
    add: (id) => {
      used.add(id);
      timer ??= setInterval(flush, writeEveryMs).unref();
    },
    close: async () => {
      clearInterval(timer);
      await flush();
    },
  };
}
