/**
 * Prometheus text, read strictly: by the grammar of format 0.0.4, the consistency that Prometheus
 * asks of histograms, and what IoT Edge's collector demands beyond it (finite values, no timestamps).
 *
 * @source prometheus.io: docs/instrumenting/exposition_formats; prometheus.io: docs/concepts/data_model;
 * reference iot-edge 6
 */

import assert from "node:assert/strict";

export type ExposedSample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

export type ExposedFamily = {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ExposedSample[];
};

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/u;
const LABEL = /^(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(?:[^"\\\n]|\\["\\n])*)"/u;
const VALUE = /^ (?:[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN)$/u;
const TYPES: ReadonlySet<string> = new Set(["counter", "gauge", "histogram"]);

/** @throws AssertionError with the line that breaks a rule */
export function parseExposition(text: string): ReadonlyMap<string, ExposedFamily> {
  assert.ok(text.endsWith("\n"), "the last line ends with a line feed");
  assert.ok(!text.includes("\r"));
  const families = new Map<string, ExposedFamily & { samples: ExposedSample[] }>();
  let current: (ExposedFamily & { samples: ExposedSample[] }) | undefined;
  for (const line of text.slice(0, -1).split("\n")) {
    const help = /^# HELP (?<name>\S+) (?<help>(?:[^\\]|\\\\|\\n)+)$/u.exec(line)?.groups;
    if (help !== undefined) {
      const { name = "" } = help;
      assert.equal(NAME.exec(name)?.[0], name, line);
      assert.ok(!families.has(name), `a family comes once: ${line}`);
      current = { name, type: "", help: help["help"] ?? "", samples: [] };
      families.set(name, current);
      continue;
    }
    const type = /^# TYPE (?<name>\S+) (?<type>\S+)$/u.exec(line)?.groups;
    if (type !== undefined) {
      assert.ok(current?.name === type["name"] && current?.type === "", line);
      assert.ok(TYPES.has(type["type"] ?? ""), line);
      current = { ...current, type: type["type"] ?? "" };
      families.set(current.name, current);
      continue;
    }
    assert.ok(!line.startsWith("#"), line);
    assert.ok(current !== undefined && current.type !== "", line);
    const sample = parseSample(line);
    const suffix = sample.name.slice(current.name.length);
    assert.ok(sample.name.startsWith(current.name), line);
    const suffixes = current.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    assert.ok(suffixes.includes(suffix), line);
    current.samples.push(sample);
  }
  for (const family of families.values()) checkFamily(family);
  return families;
}

function parseSample(line: string): ExposedSample {
  const name = NAME.exec(line)?.[0];
  assert.ok(name !== undefined, line);
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (rest.startsWith("{")) {
    rest = rest.slice(1);
    while (!rest.startsWith("}")) {
      const match = LABEL.exec(rest);
      assert.ok(match?.groups !== undefined, line);
      const { name: label = "", value = "" } = match.groups;
      assert.ok(!Object.hasOwn(labels, label), `a label comes once: ${line}`);
      assert.ok(!label.startsWith("__"), line);
      labels[label] = value.replace(/\\(.)/gu, (_, char) => (char === "n" ? "\n" : String(char)));
      rest = rest.slice(match[0].length);
      if (rest.startsWith(",")) rest = rest.slice(1);
      else assert.ok(rest.startsWith("}"), line);
    }
    rest = rest.slice(1);
  }
  assert.match(rest, VALUE, line);
  return { name, labels, value: Number(rest) };
}

function checkFamily({ name, type, samples }: ExposedFamily): void {
  const seen = new Set<string>();
  for (const { name: sample, labels, value } of samples) {
    const key = JSON.stringify([sample, labels]);
    assert.ok(!seen.has(key), `a sample comes once: ${key}`);
    seen.add(key);
    if (type !== "gauge") assert.ok(value >= 0, `${name} counts: ${value}`);
  }
  if (type === "counter") assert.match(name, /_total$/u);
  else assert.doesNotMatch(name, /_total$/u);
  if (type === "histogram") checkHistogram(name, samples);
}

function checkHistogram(name: string, samples: readonly ExposedSample[]): void {
  const groups = new Map<string, ExposedSample[]>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const [key, group] of groups) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) =>
      labels["le"] === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels["le"]),
    );
    const counts = buckets.map(({ value }) => value);
    assert.deepEqual(
      bounds,
      bounds.toSorted((a, b) => a - b),
      `${name} ${key}`,
    );
    assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY);
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
      `${name} ${key}`,
    );
    const count = group.find((sample) => sample.name === `${name}_count`);
    assert.equal(counts.at(-1), count?.value, `${name} ${key}`);
    assert.ok(group.some((sample) => sample.name === `${name}_sum`));
  }
}
