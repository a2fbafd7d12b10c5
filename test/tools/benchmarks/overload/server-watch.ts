/** Samples the server's resident memory and CPU time every second. */
export type ServerWatch = {
  /** Names the samples since the previous mark. */
  mark: (part: string) => void;
  /** The ratio of the memory at the end of a part to that `after` seconds into it. */
  getGrowth: (part: string, after: number) => number;
  describe: () => string[];
  stop: () => void;
};

type Sample = { at: number; bytes: number; cpuSeconds: number };

export function watchServer(metricsUrl: string): ServerWatch {
  const parts = new Map<string, Sample[]>();
  let samples: Sample[] = [];
  const sample = async () => {
    const text = await (await fetch(metricsUrl)).text();
    const read = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
    samples.push({
      at: performance.now() / 1_000,
      bytes: read('process_resident_memory_bytes'),
      cpuSeconds: read('process_cpu_seconds_total'),
    });
  };
  const timer = setInterval(() => void sample().catch(() => undefined), 1_000);
  const describeParts = (name: string, describePart: (seen: Sample[]) => string) =>
    `${name}: ${[...parts].map(([part, seen]) => `${part} ${describePart(seen)}`).join('; ')}`;
  return {
    mark(part) {
      parts.set(part, samples);
      samples = [];
    },
    getGrowth(part, after) {
      const seen = (parts.get(part) ?? []).map(({ bytes }) => bytes);
      return Math.max(...seen.slice(-3)) / Math.max(...seen.slice(after, after + 3));
    },
    describe: () => [
      describeParts('memory in MB (first, maximum, last)', describeMemory),
      // During the overload the client and other processes take a larger part.
      describeParts('cores used by the server', describeCores),
    ],
    stop: () => clearInterval(timer),
  };
}

function describeMemory(seen: Sample[]): string {
  const figures = seen.map(({ bytes }) => Math.round(bytes / 2 ** 20));
  return [figures[0], Math.max(...figures), figures.at(-1)].join(' ');
}

function describeCores(seen: Sample[]): string {
  const [first, last] = [seen[0], seen.at(-1)];
  if (!first || !last) return '?';
  return ((last.cpuSeconds - first.cpuSeconds) / (last.at - first.at)).toFixed(2);
}
