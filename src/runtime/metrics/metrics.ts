/** Counters, gauges and histograms as values, and their Prometheus text. */

type Labels = Readonly<Record<string, string>>;

/** One series of a family, found once: what is counted for every request must cost next to nothing. */
export type Counter = { readonly add: (amount?: number) => void };
export type Histogram = { readonly observe: (value: number) => void };

/** The series of these labels; it exists from the first call on. */
type Family<T> = (labels: Labels) => T;

export type Metrics = {
  readonly counter: (name: string, help: string) => Family<Counter>;
  /** @param bounds upper bounds of the buckets, ascending, in the unit of the name */
  readonly histogram: (name: string, help: string, bounds: readonly number[]) => Family<Histogram>;
  /** A value that is read when the metrics are. */
  readonly gauge: (name: string, help: string, read: Read) => void;
  /** The same of a count that somebody else keeps: it only grows while the process lives. */
  readonly counterOf: (name: string, help: string, read: Read) => void;
  /** @source prometheus.io: docs/instrumenting/exposition_formats (text format 0.0.4) */
  readonly render: () => string;
};

export type Sample = { readonly labels: Labels; readonly value: number };
type Read = () => readonly Sample[];

export function createMetrics(): Metrics {
  const families: (() => string)[] = [];
  return {
    counter: (name, help) => {
      const samples: { readonly labels: Labels; value: number }[] = [];
      families.push(() => family({ name, help, type: "counter" }, samples));
      return (labels) => {
        const sample = { labels, value: 0 };
        samples.push(sample);
        return {
          add: (amount = 1) => {
            sample.value += amount;
          },
        };
      };
    },
    histogram: (name, help, bounds) => {
      const series: Buckets[] = [];
      families.push(
        () =>
          header({ name, help, type: "histogram" }) +
          series.map((buckets) => bucketLines(name, bounds, buckets)).join(""),
      );
      return (labels) => {
        const buckets = { labels, counts: bounds.map(() => 0), count: 0, sum: 0 };
        series.push(buckets);
        return { observe: (value) => observe(buckets, bounds, value) };
      };
    },
    gauge: (name, help, read) => {
      families.push(() => family({ name, help, type: "gauge" }, read()));
    },
    counterOf: (name, help, read) => {
      families.push(() => family({ name, help, type: "counter" }, read()));
    },
    render: () => families.map((render) => render()).join(""),
  };
}

type Buckets = { readonly labels: Labels; readonly counts: number[]; count: number; sum: number };
type Heading = { readonly name: string; readonly help: string; readonly type: string };

function observe(buckets: Buckets, bounds: readonly number[], value: number): void {
  let bucket = 0;
  while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
  if (bucket < bounds.length) buckets.counts[bucket] = (buckets.counts[bucket] as number) + 1;
  buckets.count += 1;
  buckets.sum += value;
}

function header({ name, help, type }: Heading): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function family(heading: Heading, samples: readonly Sample[]): string {
  return (
    header(heading) +
    samples.map(({ labels, value }) => `${heading.name}${labelText(labels)} ${value}\n`).join("")
  );
}

function bucketLines(
  name: string,
  bounds: readonly number[],
  { labels, counts, count, sum }: Buckets,
): string {
  let below = 0;
  const lines = bounds.map((bound, index) => {
    below += counts[index] ?? 0;
    return `${name}_bucket${labelText({ ...labels, le: String(bound) })} ${below}\n`;
  });
  lines.push(`${name}_bucket${labelText({ ...labels, le: "+Inf" })} ${count}\n`);
  lines.push(
    `${name}_sum${labelText(labels)} ${sum}\n${name}_count${labelText(labels)} ${count}\n`,
  );
  return lines.join("");
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escape(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
