/** The answer to a scored request, in the form that its request asked for. */

import type { OutputSpec } from "../../core/tensors/signature.ts";
import { DTYPES } from "../../core/tensors/tensor.ts";
import type { Tensor } from "../../core/tensors/tensor.ts";
import { ByteWriter } from "./json/byte-writer.ts";
import { HEADER_LENGTH } from "./decode.ts";
import { labelledRowWriter, rowWriter, writeFlat, writeList, writeNested } from "./json/data.ts";
import type { AnswerForm } from "./model-request.ts";
import { rawBytes } from "./raw-tensor.ts";

export type NamedOutput = { readonly spec: OutputSpec; readonly tensor: Tensor };

/** Name and version of the model, for the Open Inference Protocol. */
export type ModelIdentity = { readonly name: string; readonly version: string };

export type RenderedAnswer = {
  readonly headers: Readonly<Record<string, string>>;
  /** In a buffer of its own. */
  readonly body: Uint8Array;
};

const JSON_HEADERS = { "content-type": "application/json" };
const BINARY_HEADERS = { "content-type": "application/octet-stream" };

const CLOSE_BRACE = 125;

/** Answers are written one at a time, and a writer keeps its room. */
const writer = new ByteWriter();

export function renderAnswer(
  form: AnswerForm,
  outputs: readonly NamedOutput[],
  model: ModelIdentity,
): RenderedAnswer {
  writer.reset();
  switch (form.kind) {
    case "raw": {
      const [single, ...others] = outputs;
      if (single !== undefined && others.length === 0) {
        return { headers: BINARY_HEADERS, body: new Uint8Array(rawBytes(single.tensor)) };
      }
      return renderOip({ kind: "oip", isBinary: () => true }, outputs, model);
    }
    case "oip":
      return renderOip(form, outputs, model);
    case "predictions":
      writer.ascii('{"predictions":');
      writePredictions(form.rows, outputs);
      writer.ascii("}");
      return { headers: JSON_HEADERS, body: writer.take() };
    case "outputs":
      writer.ascii('{"outputs":');
      writeByName(outputs);
      writer.ascii("}");
      return { headers: JSON_HEADERS, body: writer.take() };
  }
}

/** A map output is its float tensor here: the protocol has no maps, and its parameters name the columns. */
function renderOip(
  form: Extract<AnswerForm, { kind: "oip" }>,
  outputs: readonly NamedOutput[],
  model: ModelIdentity,
): RenderedAnswer {
  const binary: Uint8Array[] = [];
  const id = form.id === undefined ? "" : `,"id":${JSON.stringify(form.id)}`;
  writer.text(
    `{"model_name":${JSON.stringify(model.name)},"model_version":${JSON.stringify(model.version)}${id},"outputs":`,
  );
  writeList(writer, outputs.length, (index) => {
    const { spec, tensor } = outputs[index] as NamedOutput;
    const { name, labels } = spec;
    const raw = form.isBinary(name) ? rawBytes(tensor) : undefined;
    if (raw) binary.push(raw);
    const parameters =
      raw || labels
        ? `,"parameters":${JSON.stringify({
            ...(raw && { binary_data_size: raw.length }),
            ...(labels && { labels: JSON.stringify(labels) }),
          })}`
        : "";
    writer.text(
      `{"name":${JSON.stringify(name)},"shape":[${tensor.dims.join(",")}],"datatype":"${DTYPES[tensor.type].oip}"${parameters}${raw ? "" : ',"data":'}`,
    );
    if (!raw) writeFlat(writer, tensor);
    writer.byte(CLOSE_BRACE);
  });
  writer.byte(CLOSE_BRACE);
  const json = writer.take();
  if (binary.length === 0) return { headers: JSON_HEADERS, body: json };
  return {
    headers: { ...BINARY_HEADERS, [HEADER_LENGTH]: String(json.length) },
    body: new Uint8Array(Buffer.concat([json, ...binary])),
  };
}

function writeByName(outputs: readonly NamedOutput[]): void {
  for (const [index, { spec, tensor }] of outputs.entries()) {
    writer.text(`${index === 0 ? "{" : ","}${JSON.stringify(spec.name)}:`);
    if (spec.labels === undefined) writeNested(writer, tensor);
    else
      writeList(writer, rowsOf({ spec, tensor }), labelledRowWriter(writer, tensor, spec.labels));
  }
  writer.ascii("}");
}

function rowsOf({ tensor }: NamedOutput): number {
  return tensor.dims[0] ?? -1;
}

/**
 * One prediction a row: the bare value of a single output, an object of several. Where an output has
 * no row for each instance the model does not keep them apart, and there is one prediction in all.
 */
function writePredictions(rows: number, outputs: readonly NamedOutput[]): void {
  if (!outputs.every((output) => rowsOf(output) === rows)) {
    writer.ascii("[");
    writeByName(outputs);
    writer.ascii("]");
    return;
  }
  const columns = outputs.map(({ spec, tensor }, index) => ({
    key: `${index === 0 ? "{" : ","}${JSON.stringify(spec.name)}:`,
    write: spec.labels ? labelledRowWriter(writer, tensor, spec.labels) : rowWriter(writer, tensor),
  }));
  const [single, ...others] = columns;
  if (single !== undefined && others.length === 0) writeList(writer, rows, single.write);
  else {
    writeList(writer, rows, () => {
      for (const { key, write } of columns) {
        writer.text(key);
        write();
      }
      writer.ascii("}");
    });
  }
}
