/** What a request asks of a model, once its body is read. */

import { ScoringError } from "../../core/problem.ts";
import type { Signature, TensorSpec } from "../../core/tensors/signature.ts";
import type { Tensor } from "../../core/tensors/tensor.ts";
import { NumberList } from "./json/number-list.ts";

/** How the answer is written: each form of request has its own. */
export type AnswerForm =
  | {
      readonly kind: "oip";
      readonly id?: string;
      /** Whether an output's data follows the JSON as raw bytes. */
      readonly isBinary: (output: string) => boolean;
    }
  /** One prediction for each of `rows` instances. */
  | { readonly kind: "predictions"; readonly rows: number }
  | { readonly kind: "outputs" }
  /** The bare bytes of a single output; of several the Open Inference Protocol's binary form. */
  | { readonly kind: "raw" };

export type Feeds = Readonly<Record<string, Tensor>>;

export type ModelRequest = {
  readonly feeds: Feeds;
  /** Names of the outputs to compute, in the order of the answer. */
  readonly outputs: readonly string[];
  readonly form: AnswerForm;
};

/** The same list for the same signature, so that what depends on it can be kept. */
export function outputNames(signature: Signature): readonly string[] {
  let names = allOutputs.get(signature);
  if (names === undefined) {
    names = signature.outputs.map((output) => output.name);
    allOutputs.set(signature, names);
  }
  return names;
}

const allOutputs = new WeakMap<Signature, readonly string[]>();

/** @throws ScoringError INPUT_NAME */
export function findInput(signature: Signature, name: unknown): TensorSpec {
  const spec = signature.inputs.find((input) => input.name === name);
  if (spec !== undefined) return spec;
  const names = signature.inputs.map((input) => input.name);
  throw new ScoringError(
    "INPUT_NAME",
    `input ${quote(name)} is unknown, the model has ${list(names)}`,
  );
}

/**
 * The one input of a model that has one.
 *
 * @param what what came, e.g. `"data" is a list`
 * @throws ScoringError INPUT_FORM
 */
export function soleInput(signature: Signature, what: string): TensorSpec {
  const [spec, ...others] = signature.inputs;
  if (spec !== undefined && others.length === 0) return spec;
  const names = list(signature.inputs.map((input) => input.name));
  throw new ScoringError(
    "INPUT_FORM",
    `${what}, which fits a model of one input; this one has ${names}: send {"inputs": {name: …}}`,
  );
}

/** @throws ScoringError INPUT_NAME where an input has no value */
export function complete(signature: Signature, feeds: Feeds): Feeds {
  const missing = signature.inputs.filter((input) => !Object.hasOwn(feeds, input.name));
  if (missing.length === 0) return feeds;
  const names = list(missing.map((input) => input.name));
  throw new ScoringError("INPUT_NAME", `there is no value for input ${names}`);
}

export function quote(name: unknown): string {
  return typeof name === "string" ? `'${name.slice(0, 100)}'` : `that is ${kindOf(name)}`;
}

export function list(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(", ");
}

export function kindOf(value: unknown): string {
  if (value === undefined) return "absent";
  if (value === null) return "null";
  if (typeof value !== "object") return `a ${typeof value}`;
  return Array.isArray(value) || value instanceof NumberList ? "a list" : "an object";
}
