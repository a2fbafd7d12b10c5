/** The server's resident memory and processor time, looked at every second. */
export type ServerWatch = {
  /** Ends a part of the run. */
  mark: (part: string) => void;
  /** How many times what it was `after` seconds into the part the memory was at the part's end. */
  getGrowth: (part: string, after: number) => number;
  describe: () => string[];
  stop: () => void;
};

type Sample = { at: number; bytes: number; cpuSeconds: number };

export function watchServer(metricsUrl: string): ServerWatch {
  const parts = new Map<string, Sample[]>();
  let samples: Sample[] = [];
  const look = async () => {
    const text = await (await fetch(metricsUrl)).text();
    const read = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
    samples.push({
      at: performance.now() / 1_000,
      bytes: read('process_resident_memory_bytes'),
      cpuSeconds: read('process_cpu_seconds_total'),
    });
  };
  const timer = setInterval(() => void look().catch(() => undefined), 1_000);
  const tell = (what: string, describePart: (seen: Sample[]) => string) =>
    `${what}: ${[...parts].map(([part, seen]) => `${part} ${describePart(seen)}`).join('; ')}`;
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
      tell('memory in MB (first, most, last)', describeMemory),
      // What it had less of during the overload than at the peak went to the client and to others.
      tell('cores that the server had', describeCores),
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
