/** Counters, gauges and histograms as values, and their Prometheus text. */

type Labels = Readonly<Record<string, string>>;

export type Counter = { readonly add: (labels: Labels, amount?: number) => void };
export type Histogram = { readonly observe: (labels: Labels, value: number) => void };

export type Metrics = {
  readonly counter: (name: string, help: string) => Counter;
  /** @param bounds upper bounds of the buckets, ascending, in the unit of the name */
  readonly histogram: (name: string, help: string, bounds: readonly number[]) => Histogram;
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
      const samples = new Map<string, { labels: Labels; value: number }>();
      families.push(() => family({ name, help, type: "counter" }, [...samples.values()]));
      return {
        add: (labels, amount = 1) => {
          slot(samples, labels, () => ({ labels, value: 0 })).value += amount;
        },
      };
    },
    histogram: (name, help, bounds) => {
      const samples = new Map<string, Buckets>();
      families.push(
        () =>
          header({ name, help, type: "histogram" }) +
          [...samples.values()].map((buckets) => bucketLines(name, bounds, buckets)).join(""),
      );
      return {
        observe: (labels, value) => {
          const buckets = slot(samples, labels, () => ({
            labels,
            counts: bounds.map(() => 0),
            count: 0,
            sum: 0,
          }));
          const bucket = bounds.findIndex((bound) => value <= bound);
          if (bucket >= 0) buckets.counts[bucket] = (buckets.counts[bucket] ?? 0) + 1;
          buckets.count += 1;
          buckets.sum += value;
        },
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

function slot<T>(samples: Map<string, T>, labels: Labels, create: () => T): T {
  const key = Object.values(labels).join("\u0000");
  let sample = samples.get(key);
  if (sample === undefined) {
    sample = create();
    samples.set(key, sample);
  }
  return sample;
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
