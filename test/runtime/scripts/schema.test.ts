import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { ask, post, servedScript, withoutPython } from "../../support/script.ts";

const HEAD = `
import datetime
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Standard
def init():
    pass
`;

type Schema = Readonly<Record<string, unknown>>;

async function schemasOf(url: string, version = "3"): Promise<Readonly<Record<string, Schema>>> {
  const { text } = await ask(url, {}, `/swagger.json?version=${version}`);
  const document = JSON.parse(text) as {
    components: { schemas: Readonly<Record<string, Schema>> };
  };
  return document.components.schemas;
}

void suite("schemas of standard types", { skip: withoutPython() }, () => {
  void test("values are converted to the sample's type, and described", async (t) => {
    const { url } = await servedScript(
      t,
      `${HEAD}
@input_schema("when", Standard(datetime.date(2020, 1, 2)))
@input_schema("raw", Standard(b"x"))
@input_schema("number", Standard(1.5))
@input_schema("many", Standard([Standard(datetime.date(2020, 1, 2))]))
@input_schema("nested", Standard({"day": Standard(datetime.date(2020, 1, 2)), "free": 1}))
@output_schema(Standard({"a": 1}))
def run(when, raw, number, many, nested):
    return [when.isoformat(), raw.decode(), number, [d.year for d in many], nested["day"].day, nested["free"]]
`,
    );
    const body = {
      when: "2021-03-04",
      raw: "aGk=",
      number: 3,
      many: ["2022-01-01", "2023-01-01"],
      nested: { day: "2024-05-06", free: "x" },
    };
    const { text } = await post(url, JSON.stringify(body));
    assert.equal(text, '["2021-03-04", "hi", 3, [2022, 2023], 6, "x"]');
    const schemas = await schemasOf(url);
    const { properties, example } = schemas["ServiceInput"] as {
      properties: Schema;
      example: Schema;
    };
    assert.deepEqual(properties["when"], { type: "string", format: "date" });
    assert.deepEqual(properties["raw"], { type: "string", format: "byte" });
    assert.deepEqual(properties["number"], { type: "number", format: "double" });
    assert.deepEqual(properties["many"], {
      type: "array",
      items: { type: "string", format: "date" },
    });
    assert.deepEqual(example["nested"], { day: "2020-01-02", free: 1 });
    assert.deepEqual(schemas["ServiceOutput"], {
      type: "object",
      required: ["a"],
      properties: { a: { type: "integer", format: "int64" } },
      example: { a: 1 },
    });
    assert.equal((await post(url, JSON.stringify({ ...body, number: "x" }))).status, 500);
  });

  void test("arrays of several types cannot be told in swagger 2", async (t) => {
    const { url } = await servedScript(
      t,
      `${HEAD}
@input_schema("data", Standard([1, "a"]))
def run(data):
    return data
`,
    );
    const two = await ask(url, {}, "/swagger.json");
    assert.deepEqual(
      [two.status, two.text],
      [
        404,
        '{"message": "Swagger version [2] is not supported for the scoring script. Supported swagger versions: [3, 3.1]."}',
      ],
    );
    assert.ok((await schemasOf(url))["ServiceInput"]);
    assert.equal((await post(url, '{"data": [2, "b"]}')).text, '[2, "b"]');
  });
});

void suite("schemas of numpy arrays", { skip: withoutPython("numpy") }, () => {
  const source = `${HEAD}
import numpy as np
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
@input_schema("data", NumpyParameterType(np.array([[1.0, 2.0]], dtype=np.float32)))
@output_schema(NumpyParameterType(np.array([1])))
def run(data):
    return [str(data.dtype), list(data.shape), data.sum(axis=1).tolist()]
`;

  void test("lists become arrays of the sample's type; only the first dimension is free", async (t) => {
    const { url } = await servedScript(t, source);
    const { text } = await post(url, '{"data": [[1, 2], [3, 4], [5, 6]]}');
    assert.equal(text, '["float32", [3, 2], [3.0, 7.0, 11.0]]');
    for (const wrong of ["[1, 2]", "[[1, 2, 3]]", "7", '[["x", 1]]']) {
      assert.equal((await post(url, `{"data": ${wrong}}`)).status, 500, wrong);
    }
    const schemas = await schemasOf(url);
    const { properties, example } = schemas["ServiceInput"] as {
      properties: Schema;
      example: Schema;
    };
    assert.deepEqual(properties["data"], {
      type: "array",
      items: { type: "array", items: { type: "number", format: "float" } },
      format: "numpy.ndarray",
    });
    assert.deepEqual(example["data"], [[1, 2]]);
  });

  void test("a result that is an array or a float32 is no JSON, a float64 is", async (t) => {
    const { url } = await servedScript(
      t,
      `
import numpy as np
def init():
    pass
def run(data):
    return eval(data)
`,
    );
    for (const expression of ["np.array([1])", "np.float32(1)", "[np.int64(1)]"]) {
      const { status, text } = await post(url, expression);
      assert.equal(status, 500, expression);
      assert.match(text, /internal error/);
    }
    assert.equal((await post(url, "np.float64(1.5)")).text, "1.5");
  });
});

void suite("schemas of data frames", { skip: withoutPython("pandas") }, () => {
  void test("records become a frame of the sample's columns and types", async (t) => {
    const { url } = await servedScript(
      t,
      `${HEAD}
import pandas as pd
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
@input_schema("data", PandasParameterType(pd.DataFrame({"name": ["Sarah"], "age": [25], "born": pd.to_datetime(["1999-01-01"])})))
def run(data):
    return [[str(t) for t in data.dtypes], data["age"].tolist(), data["name"].tolist()]
`,
    );
    const rows = [
      { name: "A", age: 1, born: "2000-01-01" },
      { name: "B", age: 2, born: "2001-01-01T00:00:00.000Z" },
    ];
    const { text } = await post(url, JSON.stringify({ data: rows }));
    assert.equal(text, '[["object", "int64", "datetime64[ns]"], [1, 2], ["A", "B"]]');
    assert.equal((await post(url, '{"data": [{"name": "A"}]}')).status, 500);
    assert.equal((await post(url, '{"data": "x"}')).status, 500);
    const schemas = await schemasOf(url);
    const { properties } = schemas["ServiceInput"] as { properties: Schema };
    const { format, items } = properties["data"] as { format: string; items: Schema };
    assert.equal(format, "pandas.DataFrame:records");
    assert.deepEqual(items, {
      type: "object",
      required: ["name", "age", "born"],
      properties: {
        name: { type: "string" },
        age: { type: "integer", format: "int64" },
        born: { type: "string", format: "date-time" },
      },
    });
  });
});
