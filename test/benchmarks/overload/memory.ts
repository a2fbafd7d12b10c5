/** The server's resident memory, looked at every second. */
export type MemoryWatch = {
  /** Ends a part of the run. */
  mark: (part: string) => void;
  /** How many times what it was `after` seconds into the part it was at the part's end. */
  getGrowth: (part: string, after: number) => number;
  describe: () => string;
  stop: () => void;
};

export function watchMemory(metricsUrl: string): MemoryWatch {
  const parts = new Map<string, number[]>();
  let samples: number[] = [];
  const look = async () => {
    const text = await (await fetch(metricsUrl)).text();
    samples.push(Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]));
  };
  const timer = setInterval(() => void look().catch(() => undefined), 1_000);
  const toMb = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
  return {
    mark(part) {
      parts.set(part, samples);
      samples = [];
    },
    getGrowth(part, after) {
      const seen = parts.get(part) ?? [];
      return Math.max(...seen.slice(-3)) / Math.max(...seen.slice(after, after + 3));
    },
    describe: () =>
      `memory in MB (first, most, last): ${[...parts]
        .map(([part, seen]) => {
          const figures = [seen[0] ?? 0, Math.max(...seen), seen.at(-1) ?? 0];
          return `${part} ${figures.map(toMb).join(' ')}`;
        })
        .join('; ')}`,
    stop: () => clearInterval(timer),
  };
}
