/** Every spelling of a setting gives what its current spelling gives, old ones with a warning. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { ResolvedDeployment } from "../../../src/spec/resolved.ts";
import { codes, load } from "../loading.ts";

type Case = {
  readonly what: string;
  /** Of the deployment, one key a line. */
  readonly spelling: string;
  readonly gives: Partial<ResolvedDeployment>;
  readonly says?: readonly string[];
};

const OLD = "warning SPEC_OLD_SPELLING";
const NOTE = "note SPEC_IGNORED";
const GIB = 2 ** 30;

function specOf(type: string, spelling: string): string {
  const lines = `model: azureml:net:1\n${spelling}`.split("\n").map((line) => `    ${line}`);
  return `name: pump\ntype: ${type}\n${type === "batch" ? "" : "traffic: {blue: 100}\n"}deployments:\n  blue:\n${lines.join("\n")}\n`;
}

function check(type: string, cases: readonly Case[]): void {
  for (const { what, spelling, gives, says = [] } of cases) {
    test(what, async (t) => {
      // A model given in the spelling replaces the one that every case has.
      const spec = specOf(type, spelling).replace(
        /model: azureml:net:1\n(?= +model:)/,
        "description: d\n",
      );
      const { first, problems } = await load(t, spec);
      const picked = Object.fromEntries(
        Object.keys(gives).map((key) => [key, first[key as keyof ResolvedDeployment]]),
      );
      assert.deepEqual(picked, gives);
      assert.deepEqual(codes(problems), says, JSON.stringify(problems, null, 1));
    });
  }
}

const MANUAL: Partial<ResolvedDeployment> = {
  instances: 3,
  scale: { type: "manual", minInstances: 1, maxInstances: 5 },
};
const AUTOMATIC: Partial<ResolvedDeployment> = {
  instances: 2,
  scale: { type: "automatic", minInstances: 2, maxInstances: 5 },
};
const REQUEST: Partial<ResolvedDeployment> = {
  requestTimeoutMs: 3000,
  maxConcurrentRequestsPerInstance: 2,
  maxQueueWaitMs: 0,
};
const REQUEST_KEYS =
  "{request_timeout_ms: 3000, max_concurrent_requests_per_instance: 2, max_queue_wait_ms: 0}";

suite("scale", () => {
  check("online", [
    {
      what: "today's form",
      spelling: "instance_count: 3\nscale_settings: {type: default, max_instances: 5}",
      gives: MANUAL,
    },
    {
      what: "scale with scale_type manual and the count inside",
      spelling:
        "scale: {scale_type: manual, instance_count: 3, min_instances: 1, max_instances: 5}",
      gives: MANUAL,
      says: [OLD, OLD, OLD, OLD],
    },
    {
      what: "scale_settings with type manual, minimum and maximum",
      spelling: "instance_count: 3\nscale_settings: {type: Manual, minimum: 1, maximum: 5}",
      gives: MANUAL,
      says: [OLD, OLD, OLD],
    },
    {
      what: "target_utilization starts at its smallest count; its knobs mean nothing here",
      spelling:
        "scale_settings: {type: target_utilization, min_instances: 2, max_instances: 5, target_utilization_percentage: 70, polling_interval: 1}",
      gives: AUTOMATIC,
      says: [NOTE, NOTE],
    },
    {
      what: "scale_type automatic",
      spelling: "scale: {scale_type: automatic, min_instances: 2, max_instances: 5}",
      gives: AUTOMATIC,
      says: [OLD, OLD, OLD],
    },
    {
      what: "nothing said",
      spelling: "description: none",
      gives: { instances: 1, scale: { type: "manual", minInstances: 1, maxInstances: 1 } },
    },
  ]);
});

suite("request settings", () => {
  check("online", [
    { what: "today's form", spelling: `request_settings: ${REQUEST_KEYS}`, gives: REQUEST },
    { what: "request", spelling: `request: ${REQUEST_KEYS}`, gives: REQUEST, says: [OLD] },
  ]);
});

suite("resources", () => {
  const HALF = { cpus: 0.5, memoryBytes: GIB, limitsFrom: "resources" } as const;
  check("online", [
    {
      what: "limits go before requests",
      spelling:
        "resources: {requests: {cpu: 100m, memory: 200Mi}, limits: {cpu: '0.5', memory: 1Gi}}",
      gives: HALF,
    },
    {
      what: "requests alone",
      spelling: "resources: {requests: {cpu: 500m, memory: 1024Mi}}",
      gives: HALF,
    },
    {
      what: "resource_requirements in GB",
      spelling: "resource_requirements: {cpu: 0.5, memory_in_gb: 1.0}",
      gives: HALF,
      says: [OLD],
    },
    {
      what: "resource_requirements with a bare memory, which is in GB too",
      spelling: "resource_requirements: {cpu: 0.5, memory: 1}",
      gives: HALF,
      says: [OLD],
    },
    {
      what: "resource_requirements with a unit that has a space",
      spelling: "resource_requirements: {cpu: 0.5, memory: 1 Gib}",
      gives: HALF,
      says: [OLD],
    },
    {
      what: "resource_requirements with limits of their own, and a GPU that means nothing",
      spelling:
        "resource_requirements: {cpu: 0.1, memory_in_gb: 0.5, cpu_cores_limit: 0.5, memory_in_gb_limit: 1, gpu: 1}",
      gives: HALF,
      says: [OLD, NOTE],
    },
    {
      what: "a GPU of resources means nothing",
      spelling:
        "resources: {limits: {cpu: 0.5, memory: 1Gi, nvidia.com/gpu: 1}, requests: {gpu: 1}}",
      gives: HALF,
      says: [NOTE, NOTE],
    },
    {
      what: "instance_type in any case",
      spelling: "instance_type: STANDARD_F2S_V2",
      gives: {
        cpus: 2,
        memoryBytes: 4 * GIB,
        limitsFrom: "sku",
        instanceType: "Standard_F2s_v2",
      },
    },
    {
      what: "sku",
      spelling: "sku: Standard_DS1_v2",
      gives: {
        cpus: 1,
        memoryBytes: 3.5 * GIB,
        limitsFrom: "sku",
        instanceType: "Standard_DS1_v2",
      },
      says: [OLD],
    },
    {
      what: "numbers go before an instance type, each for itself",
      spelling: "instance_type: Standard_F2s_v2\nresources: {limits: {cpu: 1}}",
      gives: { cpus: 1, memoryBytes: 4 * GIB, limitsFrom: "sku" },
    },
  ]);
});

suite("code", () => {
  const CASES: readonly (readonly [what: string, spelling: string, warnings: number])[] = [
    ["today's form", "code_configuration: {code: ./code, scoring_script: score.py}", 0],
    [
      "a script relative to the spec",
      "code_configuration: {code: code, scoring_script: ./code/score.py}",
      0,
    ],
    [
      "code with a directory",
      "code_configuration: {code: {directory: ./code}, scoring_script: score.py}",
      1,
    ],
    [
      "code with a local_path",
      "code_configuration: {code: {local_path: ./code/}, scoring_script: score.py}",
      1,
    ],
    [
      "code with a file",
      "code_configuration: {code: {file: ./code/score.py}, scoring_script: score.py}",
      1,
    ],
    ["code with a file alone", "code_configuration: {code: {file: ./code/score.py}}", 1],
    [
      "the script inside code",
      "code_configuration: {code: {directory: ./code, scoring_script: score.py}}",
      2,
    ],
    [
      "code_reference with a directory",
      "code_reference: {directory: ./code, scoring_script: ./code/score.py}",
      2,
    ],
    ["code_reference with code", "code_reference: {code: ./code, scoring_script: score.py}", 1],
  ];
  for (const [what, spelling, warnings] of CASES) {
    test(what, async (t) => {
      const { folder, first, problems } = await load(t, specOf("online", spelling));
      assert.deepEqual(first.script, {
        directory: `${folder}/code`,
        path: `${folder}/code/score.py`,
      });
      assert.deepEqual(codes(problems), Array(warnings).fill(OLD));
    });
  }
});

suite("model and environment", () => {
  const NAMES: readonly (readonly [what: string, spelling: string, says: readonly string[]])[] = [
    ["today's reference", "model: azureml:net:1", []],
    ["the latest version", "model: azureml:net@latest", []],
    ["a reference with its collection", "model: azureml:models/net:1", [OLD]],
    ["a reference with versions", "model: azureml:net/versions/1", [OLD]],
    ["a reference with both", "model: azureml:models/net/versions/1", [OLD]],
    ["an aml reference", "model: aml:models/net:1", [OLD]],
    ["a registry's reference", "model: azureml://registries/r/models/net/versions/1", []],
    [
      "an ARM id",
      "model: azureml:/subscriptions/s/resourceGroups/g/providers/p/workspaces/w/models/net/versions/1",
      [],
    ],
    ["an inline path", "model: {name: net, version: 1, path: models/net/1/net.onnx}", []],
    ["an inline folder", "model: {name: net, version: '1', path: models/net/1}", []],
    ["local_path", "model: {name: net, version: 1, local_path: models/net/1}", [OLD]],
    ["asset_path", "model: {name: net, version: 1, asset_path: models/net/1}", [OLD]],
    [
      "fields that mean nothing here",
      "model: {name: net, version: 1, path: models/net/1, type: custom_model, tags: {a: b}}",
      [NOTE, NOTE],
    ],
  ];
  for (const [what, spelling, says] of NAMES) {
    test(`model: ${what}`, async (t) => {
      const spec = specOf("online", spelling).replace("    model: azureml:net:1\n", "");
      const { folder, first, problems } = await load(t, spec);
      assert.deepEqual(first.model, {
        name: "net",
        version: "1",
        path: `${folder}/models/net/1/net.onnx`,
      });
      assert.deepEqual(codes(problems), says);
    });
  }

  const ENVIRONMENTS: readonly (readonly [spelling: string, says: readonly string[]])[] = [
    ["azureml:AzureML-Minimal:1", []],
    ["azureml:AzureML-Minimal/versions/1", [OLD]],
    ["azureml:environments/AzureML-Minimal:1", [OLD]],
    ["aml:env/AzureML-Minimal:1", [OLD]],
    ["azureml://registries/azureml/environments/AzureML-Minimal/versions/1", []],
  ];
  for (const [spelling, says] of ENVIRONMENTS) {
    test(`environment: ${spelling}`, async (t) => {
      const { first, problems } = await load(t, specOf("online", `environment: ${spelling}`));
      assert.deepEqual(first.environment, { name: "AzureML-Minimal", version: "1" });
      assert.deepEqual(codes(problems), says);
    });
  }

  test("environment: inline, with the spellings of 2021", async (t) => {
    const spelling =
      "environment: {name: e, version: 2, docker: {image: 'base:1'}, conda_file: 'file:conda.yml', os_type: linux}";
    const { folder, first, problems } = await load(t, specOf("online", spelling), {
      "conda.yml": "dependencies: []\n",
    });
    assert.deepEqual(first.environment, {
      name: "e",
      version: "2",
      image: "base:1",
      condaFile: `${folder}/conda.yml`,
    });
    assert.deepEqual(codes(problems), [OLD, OLD, NOTE]);
  });

  check("online", [
    {
      what: "environment variables are text, as they are written",
      spelling: "environment_variables: {A: 1, B: true, C: 1.10, D: text}",
      gives: { environmentVariables: { A: "1", B: "true", C: "1.10", D: "text" } },
    },
    {
      what: "what means nothing on a device gets a note",
      spelling:
        "type: managed\ntags: {a: b}\nproperties: {}\napp_insights_enabled: true\ndata_collector: {}\nliveness_probe: {period: 1}\nreadiness_probe: {period: 1}\negress_public_network_access: disabled",
      gives: { name: "blue" },
      says: Array<string>(8).fill(NOTE),
    },
    { what: "a name that is the key", spelling: "name: Blue", gives: { name: "blue" } },
  ]);
});

suite("batch settings", () => {
  const BATCH: Partial<ResolvedDeployment> = {
    instances: 2,
    batch: {
      nodeCount: 2,
      miniBatchSize: 5,
      maxConcurrencyPerInstance: 1,
      outputAction: "summary_only",
      outputFileName: "out.txt",
      maxRetries: 4,
      timeoutSeconds: 60,
      errorThreshold: 0,
      loggingLevel: "debug",
      compute: "azureml:cpu",
    },
  };
  const FLAT = "mini_batch_size: 5\nerror_threshold: 0\nlogging_level: debug\n";
  check("batch", [
    {
      what: "today's form",
      spelling:
        "compute: azureml:cpu\nresources: {instance_count: 2}\nsettings: {mini_batch_size: 5, output_action: summary_only, output_file_name: out.txt, retry_settings: {max_retries: 4, timeout: 60}, error_threshold: 0, logging_level: debug}",
      gives: BATCH,
    },
    {
      what: "today's legacy form, without settings",
      spelling: `compute: azureml:cpu\nresources: {instance_count: 2}\n${FLAT}output_action: summary_only\noutput_file_name: out.txt\nretry_settings: {max_retries: 4, timeout: 60}`,
      gives: BATCH,
    },
    {
      what: "the form of spring 2021",
      spelling: `compute: {target: 'azureml:cpu', instance_count: 2}\n${FLAT}output_configuration: {output_action: summary_only, append_row_file_name: out.txt}\nretry_settings: {max_retries: 4, timeout: 60}`,
      gives: BATCH,
      says: [OLD, OLD, OLD, OLD],
    },
    {
      what: "the form of 2020",
      spelling:
        "compute: {target: 'azureml:cpu'}\nscale_settings: {node_count: 2}\nbatch_settings: {partitioning_scheme: {mini_batch_size: 5, partitioning_keys: [a]}, output_configuration: {output_action: SummaryOnly, append_row_file_name: out.txt}, retry_settings: {maximum_retries: 4, timeout_in_seconds: 60}, error_threshold: 0, logging_level: Debug}",
      gives: BATCH,
      says: [OLD, OLD, OLD, OLD, NOTE, OLD, OLD, OLD, OLD, OLD, OLD],
    },
    {
      what: "the new spelling inside the old block",
      spelling:
        "compute: {target: 'azureml:cpu', node_count: 2}\nbatch_settings: {mini_batch_size: 5, output_action: summary_only, output_file_name: out.txt, retry_settings: {max_retries: 4, timeout: 60}, error_threshold: 0, logging_level: debug}",
      gives: BATCH,
      says: [OLD, OLD, OLD],
    },
    {
      what: "nothing said",
      spelling: "description: none",
      gives: {
        batch: {
          nodeCount: 1,
          miniBatchSize: 10,
          maxConcurrencyPerInstance: 1,
          outputAction: "append_row",
          outputFileName: "predictions.csv",
          maxRetries: 3,
          timeoutSeconds: 30,
          errorThreshold: -1,
          loggingLevel: "info",
        },
      },
    },
  ]);

  test("an old block says which keys go one level up", async (t) => {
    const spelling = "batch_settings: {partitioning_scheme: {mini_batch_size: 5}}";
    const { problems } = await load(t, specOf("batch", spelling));
    const block = problems.find(({ message }) => message.startsWith("`partitioning_scheme`"));
    assert.equal(
      block?.hint,
      "Write `mini_batch_size` one level up, without `partitioning_scheme:`.",
    );
  });
});
