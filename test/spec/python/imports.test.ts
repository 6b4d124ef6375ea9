import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";

import { importsOf } from "../../../src/spec/python/imports.ts";
import { tempFolder } from "../../support/temp-folder.ts";

async function imports(
  t: Parameters<typeof tempFolder>[0],
  files: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const folder = tempFolder(t, files);
  return importsOf(join(folder, "score.py"), [folder]);
}

void suite("importsOf", () => {
  void test("names other people's modules, once each, and not Python's own", async (t) => {
    const source = `import os, json as j, numpy as np
import PIL.Image; import sys
from sklearn.linear_model import Ridge
from . import beside
import azureml_inference_server_http, onnxruntime
from azureml.contrib.services.aml_request import rawhttp
# import commented
text = """
"""
if True:
    import lightgbm
try:
    import cupy
except ImportError:
    pass
import numpy.linalg
`;
    assert.deepEqual(await imports(t, { "score.py": source }), ["PIL", "numpy", "sklearn"]);
  });

  void test("follows the script's own modules and packages", async (t) => {
    const found = await imports(t, {
      "score.py": "import beside\nfrom package.inner import f\nimport folder.deep\n",
      "beside.py": "import pandas\nimport score\n",
      "package/__init__.py": "import requests\n",
      "package/inner.py": "import yaml\n",
      "folder/deep.py": "import scipy\n",
    });
    assert.deepEqual(found, ["pandas", "requests", "scipy", "yaml"]);
  });

  void test("the types of parameters bring what they are types of", async (t) => {
    const source = `from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
`;
    assert.deepEqual(await imports(t, { "score.py": source }), ["numpy", "pandas"]);
  });
});
