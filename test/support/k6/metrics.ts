// Replaces `k6/metrics`.

/** All samples, under `metric{operation}`. */
export const samples: Record<string, number[]> = {};

class Metric {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  add(value: number | boolean, { operation }: { operation: string }): void {
    const key = `${this.name}{${operation}}`;
    samples[key] = [...(samples[key] ?? []), Number(value)];
  }
}

export { Metric as Rate, Metric as Trend };
