/** The answer to a scored request, in the form that its request asked for. */

import type { OutputSpec } from "../../core/signature.ts";
import { DTYPES } from "../../core/tensor.ts";
import type { Tensor } from "../../core/tensor.ts";
import { flatText, labelledRowTexts, nestedText, rowTexts } from "./json-text.ts";
import type { AnswerForm } from "./request.ts";

export type NamedOutput = { readonly spec: OutputSpec; readonly tensor: Tensor };

/** Name and version of the model, for the Open Inference Protocol. */
export type ModelIdentity = { readonly name: string; readonly version: string };

/** The JSON text of the answer; its outputs in the order given. */
export function renderAnswer(
  form: AnswerForm,
  outputs: readonly NamedOutput[],
  model: ModelIdentity,
): string {
  switch (form.kind) {
    case "oip":
      return renderOip(form.id, outputs, model);
    case "predictions":
      return `{"predictions":${renderPredictions(form.rows, outputs)}}`;
    case "outputs":
      return `{"outputs":${renderByName(outputs)}}`;
  }
}

/** A map output is its float tensor here: the protocol has no maps, and its parameters name the columns. */
function renderOip(
  id: string | undefined,
  outputs: readonly NamedOutput[],
  model: ModelIdentity,
): string {
  const tensors = outputs.map(({ spec, tensor }) => {
    const parameters = spec.labels && { parameters: { labels: JSON.stringify(spec.labels) } };
    const head = { name: spec.name, shape: tensor.dims, datatype: DTYPES[tensor.type].oip };
    return `${JSON.stringify({ ...head, ...parameters }).slice(0, -1)},"data":${flatText(tensor)}}`;
  });
  const head = {
    model_name: model.name,
    model_version: model.version,
    ...(id !== undefined && { id }),
  };
  return `${JSON.stringify(head).slice(0, -1)},"outputs":[${tensors.join(",")}]}`;
}

function renderByName(outputs: readonly NamedOutput[]): string {
  return `{${outputs.map((output) => `${JSON.stringify(output.spec.name)}:${renderValue(output)}`).join(",")}}`;
}

function renderValue({ spec, tensor }: NamedOutput): string {
  return spec.labels ? `[${labelledRowTexts(tensor, spec.labels).join(",")}]` : nestedText(tensor);
}

/**
 * One prediction a row: the bare value of a single output, an object of several. Where an output has
 * no row for each instance the model does not keep them apart, and there is one prediction in all.
 */
function renderPredictions(rows: number, outputs: readonly NamedOutput[]): string {
  const columns = outputs.map(({ spec, tensor }) =>
    spec.labels ? labelledRowTexts(tensor, spec.labels) : rowTexts(tensor),
  );
  const [single, ...others] = columns;
  if (!columns.every((column) => column.length === rows)) return `[${renderByName(outputs)}]`;
  if (single !== undefined && others.length === 0) return `[${single.join(",")}]`;
  const names = outputs.map(({ spec }) => JSON.stringify(spec.name));
  const predictions = Array.from({ length: rows }, (_, row) => {
    const values = columns.map((column, index) => `${names[index]}:${column[row]}`);
    return `{${values.join(",")}}`;
  });
  return `[${predictions.join(",")}]`;
}
