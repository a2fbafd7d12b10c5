// Stands in for `k6/metrics`: keeps what was added, by metric and operation.

/** Everything that was added, under `metric{operation}`. */
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
