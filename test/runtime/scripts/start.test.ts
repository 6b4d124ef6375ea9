import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { suite, test } from "node:test";

import { UserError } from "../../../src/core/problem.ts";
import { ask, post, servedScript, servedScripts, withoutPython } from "../../support/script.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const ECHO = "def init():\n    pass\ndef run(data):\n    return data\n";

void suite("how a script starts", { skip: withoutPython() }, () => {
  void test("bytecode is kept where it may be, and nowhere otherwise", async (t) => {
    const files = { "beside.py": "x = 1\n" };
    const source = `import beside\n${ECHO}`;
    const compiled = (folder: string): readonly string[] =>
      readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((n) => n.endsWith(".pyc"));
    const { folder } = await servedScript(t, source, { files });
    assert.deepEqual(compiled(folder), []);

    const bytecode = tempFolder(t);
    const kept = await servedScript(t, source, { files, bytecode });
    assert.deepEqual(compiled(kept.folder), []);
    assert.ok(compiled(bytecode).some((name) => /beside\.cpython-\d+\.pyc$/.test(name)));
  });

  void test("what cannot be served is refused with the script's own reason", async (t) => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ["def run(data):\n    pass\n", /does not have a init\(\) function defined\./],
      ["def init():\n    pass\n", /does not have a run\(\) function defined\./],
      [
        "def init():\n    pass\ndef run():\n    pass\n",
        /needs to accept an argument for input data\./,
      ],
      [
        "def init():\n    pass\ndef run(request_headers):\n    pass\n",
        /needs to accept an argument other than "request_headers"\./,
      ],
      ["def init():\n    pass\ndef run(*args):\n    pass\n", /cannot accept positional-only/],
      ["def init():\n    pass\ndef run(data, /):\n    pass\n", /cannot accept positional-only/],
      [
        "def init():\n    pass\ndef run(data, **more):\n    pass\n",
        /cannot accept positional-only/,
      ],
      ["def init()\n    pass\n", /SyntaxError/],
      ["def init():\n  pass\n   x = 1\n", /IndentationError/],
      ["import nothing_like_this\n", /ModuleNotFoundError: No module named 'nothing_like_this'/],
      ["def init():\n    raise KeyError('k')\ndef run(data):\n    pass\n", /KeyError: 'k'/],
      ["import os\ndef init():\n    os._exit(4)\ndef run(data):\n    pass\n", /exit code 4/],
      [
        `from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from azureml_inference_server_http.api.aml_request import rawhttp
def init():
    pass
@rawhttp
@input_schema("data", StandardPythonParameterType(1))
def run(data):
    pass
`,
        /cannot be decorated with both @rawhttp and @input_schema/,
      ],
    ];
    for (const [source, pattern] of cases) {
      await assert.rejects(servedScript(t, source), (error) => {
        assert.ok(error instanceof UserError, String(error));
        assert.equal(error.problems[0]?.code, "SCRIPT_FAILED");
        assert.match(error.problems[0].message, /deployment 'blue'.*score\.py/);
        assert.match(error.problems[0].message, pattern);
        return true;
      });
    }
  });

  void test("a file that is no Python module is refused in a sentence", async (t) => {
    const script = { directory: "/etc", path: "/etc/passwd" };
    await assert.rejects(servedScript(t, "", { deployment: { script } }), (error) => {
      assert.match(String(error), /\/etc\/passwd is no Python module: its name must end in \.py/);
      return true;
    });
  });

  void test("a failed init() leaves its traceback and the model folder's files in the log", async (t) => {
    const source = "def init():\n    raise ValueError('no model')\ndef run(data):\n    pass\n";
    const { url, logged } = await servedScript(t, source, {
      onFailedStart: "retry",
      files: { "models/m/1/weights.bin": "w" },
      env: { AZUREML_MODEL_DIR: "models" },
    });
    const line = await logged(/User's init function failed/);
    assert.equal(line.level, "error");
    await logged(/Traceback[\s\S]*score\.py", line 2, in init[\s\S]*ValueError: no model/);
    await logged(/Model Directory Contents:[\s\S]*weights\.bin/);
    const { status, headers } = await post(url, "1");
    assert.equal(status, 424);
    assert.equal(headers.get("ms-azureml-model-error-reason"), "model_not_ready");
    assert.equal((await ask(url, {}, "/health/live")).status, 200);
  });

  void test("in a module a script that cannot start is tried again, and the others serve", async (t) => {
    const source = `
import os
def init():
    if not os.path.exists("second"):
        open("second", "w").close()
        raise RuntimeError("not yet")
def run(data):
    return "here"
`;
    const { url, logged } = await servedScripts(
      t,
      { blue: source, green: ECHO },
      { onFailedStart: "retry" },
    );
    const green = await post(url, "1", { "azureml-model-deployment": "green" });
    assert.deepEqual([green.status, green.text], [200, '"1"']);
    await logged(/POST \/score 200/);
    for (;;) {
      const blue = await post(url, "1");
      if (blue.status === 200) {
        assert.equal(blue.text, '"here"');
        break;
      }
      assert.equal(blue.status, 424);
    }
  });

  void test("init() has a time limit, and liveness is answered in the meantime", async (t) => {
    const source = "import time\ndef init():\n    time.sleep(60)\ndef run(data):\n    pass\n";
    const env = { WORKER_TIMEOUT: "1" };
    const start = performance.now();
    await assert.rejects(servedScript(t, source, { env }), /init\(\) ran longer than 1000 ms/);
    assert.ok(performance.now() - start < 5000);
  });

  void test("a driver's init() is called, and the run() of the script that it names", async (t) => {
    const driver = `
import os, sys
import importlib.util
spec = importlib.util.spec_from_file_location("driver_module", os.path.join(os.environ["AML_APP_ROOT"], "inner.py"))
driver_module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(driver_module)
def init():
    driver_module.init()
def run(data):
    return "outer"
`;
    const inner =
      "def init():\n    global ready\n    ready = 'yes'\ndef run(data):\n    return ['inner', ready]\n";
    const { url } = await servedScript(t, driver, { files: { "inner.py": inner } });
    assert.equal((await post(url, "1")).text, '["inner", "yes"]');
  });

  void test("name, working folder, path and variables are those of the contract", async (t) => {
    const source = `
import os, sys
import beside
def init():
    global seen
    seen = [__name__, os.getcwd(), beside.VALUE, os.environ["AML_APP_ROOT"], os.environ["AZUREML_ENTRY_SCRIPT"],
            os.environ["MINE"], [n for n in os.environ if n.startswith(("IOTEDGE_", "SECRET"))]]
    import other
    seen.append(other.VALUE)
def run(data):
    return seen
`;
    const { url, folder } = await servedScript(t, source, {
      files: { "beside.py": "VALUE = 'beside'\n", "source/other.py": "VALUE = 'source'\n" },
      env: { MINE: "mine", AZUREML_SOURCE_DIRECTORY: "source" },
    });
    const root = `${folder}/blue`;
    assert.deepEqual(JSON.parse((await post(url, "1")).text), [
      "entry_module",
      root,
      "beside",
      root,
      "score.py",
      "mine",
      ["SECRET_OF_THE_RUNNER"],
      "source",
    ]);
  });

  void test("a deployment sees no other's modules, variables and folder", async (t) => {
    const source = (own: string): string => `
import os, sys
import own
def init():
    os.environ["LEFT_BY_${own}"] = "1"
    sys.modules["left_by_${own}"] = sys
def run(data):
    return [own.NAME, os.path.basename(os.getcwd()),
            sorted(n for n in [*os.environ, *sys.modules] if n.lower().startswith("left_by"))]
`;
    const { url } = await servedScripts(
      t,
      { blue: source("blue"), green: source("green") },
      { files: { "own.py": "import os\nNAME = os.path.basename(os.path.dirname(__file__))\n" } },
    );
    for (const name of ["blue", "green"]) {
      const { text } = await post(url, "1", { "azureml-model-deployment": name });
      assert.deepEqual(JSON.parse(text), [name, name, [`LEFT_BY_${name}`, `left_by_${name}`]]);
    }
  });

  void test("print and logging: each line once, in the server's form, at its level", async (t) => {
    const source = `
import logging, sys
def init():
    print("from", "init", sep="-")
def run(data):
    print("from run")
    sys.stdout.write("raw line\\n")
    logging.warning("to the root")
    logging.getLogger("azmlinfsrv").error("to the server's logger")
    print("to stderr", file=sys.stderr)
    print("x" * 1_000_000)
    return 1
`;
    const { url, log, logged } = await servedScript(t, source);
    assert.equal((await post(url, "1")).status, 200);
    const stamp = String.raw`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}`;
    const cases: readonly (readonly [string, string])[] = [
      [String.raw`${stamp} I \[\d+\] azmlinfsrv\.print - from-init$`, "info"],
      [String.raw`${stamp} I \[\d+\] azmlinfsrv\.print - from run$`, "info"],
      ["^raw line$", "info"],
      ["^WARNING:root:to the root$", "warn"],
      [String.raw`${stamp} E \[\d+\] azmlinfsrv - to the server's logger$`, "error"],
      ["^to stderr$", "warn"],
      [String.raw`x{1000}… \(cut, 1000\d\d\d characters\)$`, "info"],
    ];
    for (const [pattern, level] of cases) {
      assert.equal((await logged(new RegExp(pattern))).level, level, pattern);
      const times = log.filter(({ message }) => new RegExp(pattern).test(message)).length;
      assert.equal(times, 1, pattern);
    }
  });

  void test("a logging.json beside the script takes the place of our settings", async (t) => {
    const config = {
      version: 1,
      disable_existing_loggers: false,
      formatters: { mine: { format: "MINE %(message)s" } },
      handlers: {
        out: { class: "logging.StreamHandler", formatter: "mine", stream: "ext://sys.stdout" },
      },
      loggers: { azmlinfsrv: { level: "DEBUG", handlers: ["out"], propagate: false } },
    };
    const source = "def init():\n    print('hello')\ndef run(data):\n    return 1\n";
    const { logged } = await servedScript(t, source, {
      files: { "logging.json": JSON.stringify(config) },
    });
    await logged(/^MINE hello$/);
  });

  void test("WORKER_COUNT is the number of processes, and a mismatch is told", async (t) => {
    const source =
      "import os, time\ndef init():\n    pass\ndef run(data):\n    time.sleep(0.2)\n    return os.getpid()\n";
    const { url, logged } = await servedScript(t, source, {
      env: { WORKER_COUNT: "2" },
      deployment: { maxConcurrentRequestsPerInstance: 3 },
    });
    assert.equal((await logged(/WORKER_COUNT is 2 and max_concurrent/)).level, "warn");
    const answers = await Promise.all(["1", "2", "3"].map((body) => post(url, body)));
    assert.equal(new Set(answers.map(({ text }) => text)).size, 2);
  });
});
