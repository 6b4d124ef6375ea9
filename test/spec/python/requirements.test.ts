import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";

import { readCondaFile } from "../../../src/spec/python/requirements.ts";
import { tempFolder } from "../../support/temp-folder.ts";

void suite("readCondaFile", () => {
  void test("conda's own entries, pip's, and files that pip reads; normalised, without what the host has", async (t) => {
    const folder = tempFolder(t, {
      "conda.yml": `name: env
channels: [conda-forge]
dependencies:
  - python=3.10
  - pip
  - conda-forge::Pandas>=1.5
  - numpy=1.23=py310
  - pip:
      - azureml-defaults==1.50
      - inference-schema[numpy-support]
      - scikit_learn>=1.0 ; python_version > "3"  # why
      - onnxruntime
      - --extra-index-url somewhere
      - -r more/requirements.txt
`,
      "more/requirements.txt": "# first\nPillow\n\nrequests[socks] ~= 2.0\n-e .\n",
    });
    const read = await readCondaFile(join(folder, "conda.yml"), folder);
    assert.ok(read.ok);
    assert.deepEqual(read.value, ["numpy", "pandas", "pillow", "requests", "scikit-learn"]);
  });

  void test("a requirements file that is not there has the place that names it", async (t) => {
    const folder = tempFolder(t, {
      "conda.yml": "dependencies:\n  - pip:\n      - -r nowhere.txt\n",
    });
    const read = await readCondaFile(join(folder, "conda.yml"), folder);
    assert.ok(!read.ok);
    const [problem] = read.problems;
    assert.equal(problem?.code, "SPEC_REFERENCE");
    assert.equal(problem.at?.line, 3);
    assert.match(problem.message, /nowhere\.txt cannot be read \(ENOENT\)/);
  });
});
