/** Records the use of credentials in the background, so that a check never waits for a write. */
export type LastUsedBuffer = {
  add: (id: string) => void;
  /** Writes the remaining ids. */
  close: () => Promise<void>;
};

const writeEveryMs = 1_000;

/**
 * Collects ids and writes them about once a second, each once. A failed write goes to `onError` and is not retried:
 * the time of last use is not worth it.
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
