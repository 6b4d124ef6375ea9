import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { suite, test } from "node:test";

import { Job } from "kubernetes-models/batch/v1/Job";
import type { IJob } from "kubernetes-models/batch/v1/Job";

import { kubernetesJob, renderKubernetesJob } from "../../../src/packager/batch/kubernetes.ts";
import { renderSlurmScript } from "../../../src/packager/batch/slurm.ts";

const COMMON = {
  name: "numbers",
  shards: 3,
  job: ["--input=/data/in", "--output=/data/it's here", "--shard=auto"],
  deployment: { cpus: 0.5, memoryBytes: 256 * 1024 * 1024, environmentVariables: { MODE: "fast" } },
};

/** Names of fields, at any depth, that the interface has not: `validate()` lets them pass. */
type Unknown<T, Known> = T extends readonly (infer Item)[]
  ? NonNullable<Known> extends readonly (infer KnownItem)[]
    ? Unknown<Item, KnownItem>
    : never
  : T extends object
    ? {
        [K in keyof T]-?: K extends keyof NonNullable<Known>
          ? Unknown<NonNullable<T[K]>, NonNullable<Known>[K]>
          : K;
      }[keyof T]
    : never;

void suite("manifests of job engines", () => {
  const options = {
    ...COMMON,
    image: "registry.example/numbers:1",
    claim: "files",
    mount: "/data",
  };

  void test("Kubernetes' own schema takes the Indexed Job, and its field names the compiler", () => {
    const nothing: Unknown<ReturnType<typeof kubernetesJob>, IJob>[] = [];
    const empty: never[] = nothing;
    assert.deepEqual(empty, []);
    const job = kubernetesJob(options);
    new Job(job as IJob).validate();
    const { completionMode, completions, parallelism, backoffLimitPerIndex, template } = job.spec;
    assert.deepEqual(
      [completionMode, completions, parallelism, backoffLimitPerIndex],
      ["Indexed", 3, 3, 3],
    );
    const [container] = template.spec.containers;
    assert.deepEqual(container?.args, ["batch", ...COMMON.job]);
    assert.deepEqual(container?.resources.limits, { cpu: "500m", memory: "268435456" });
    assert.deepEqual(container?.env, [
      { name: "MODE", value: "fast" },
      { name: "EDGEWRIGHT_SHARDS", value: "3" },
    ]);
    assert.deepEqual(JSON.parse(renderKubernetesJob(options)), kubernetesJob(options));
  });

  void test("a schema that would take anything is no judge", () => {
    const job = kubernetesJob(options) as IJob;
    const wrong = { ...job, spec: { ...job.spec, completions: "three" } } as unknown as IJob;
    assert.throws(() => new Job(wrong).validate());
  });

  void test("the array script is valid for bash, counts from 0 and passes every word whole", () => {
    const script = renderSlurmScript({ ...COMMON, specs: ["spec.yml"] });
    assert.match(script, /^#!\/bin\/bash\n(#SBATCH .*\n)+/);
    for (const line of ["--array=0-2", "--requeue", "--mem=256M", "--cpus-per-task=1"]) {
      assert.ok(script.includes(`#SBATCH ${line}\n`), line);
    }
    assert.match(script, /^export EDGEWRIGHT_SHARDS=3$/m);
    const { stdout } = spawnSync("bash", ["-s"], {
      input: script,
      encoding: "utf8",
      env: { ...process.env, EDGEWRIGHT: "echo" },
    });
    assert.equal(stdout, `batch spec.yml ${COMMON.job.join(" ")}\n`);
  });
});
