import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { suite, test } from "node:test";

import { Job } from "kubernetes-models/batch/v1/Job";
import type { IJob } from "kubernetes-models/batch/v1/Job";

import { kubernetesJob, renderKubernetesJob } from "../../../src/packager/batch/kubernetes.ts";
import {
  claimName,
  jobName,
  kubernetesFaults,
} from "../../../src/packager/batch/kubernetes-rules.ts";
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

/** As a kubelet reads a text: a pair of dollars is one, `$(NAME)` a variable's value. @source kubernetes: expand.go */
function expanded(text: string): string {
  return text.replaceAll(/\$\$|\$\([^)]*\)/g, (found) => (found === "$$" ? "$" : "VALUE"));
}

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

  void test("what was derived fits Kubernetes' rules", () => {
    assert.equal(jobName("Pump_Monitor.", 3), "pump-monitor");
    assert.equal(jobName("-", 1), "batch");
    const name = jobName("n".repeat(200), 10_000);
    assert.equal(`${name}-9999`.length, 63);
    assert.equal(claimName("_My_Data"), "my-data");
  });

  void test("what Kubernetes would refuse, or look for outside of the volume, is refused", () => {
    assert.deepEqual(kubernetesFaults(options), []);
    const digest = `registry.example:5000/a/b@sha256:${"0".repeat(64)}`;
    assert.deepEqual(kubernetesFaults({ ...options, image: digest }), []);
    const CASES: readonly (readonly [Partial<typeof options>, RegExp])[] = [
      [{ claim: "My_Files" }, /--claim is 'My_Files'/],
      [{ claim: "a".repeat(254) }, /--claim/],
      [{ image: "Numbers:1" }, /--image is 'Numbers:1'/],
      [{ image: "numbers:one two" }, /--image/],
      [{ mount: "data", job: [] }, /--mount is 'data'/],
      [{ mount: "/a:b", job: [] }, /--mount/],
      [{ mount: "/data/../etc", job: [] }, /--mount/],
      [{ job: ["--input=/elsewhere/in"] }, /--input is '\/elsewhere\/in', which is outside/],
      [{ job: ["--input=/database"] }, /--input/],
      [{ job: ["--output=/data/../out"] }, /--output/],
      [{ job: ["--output=out"] }, /--output/],
      [{ job: ["--input-list=/tmp/list"] }, /--input-list/],
      [
        { deployment: { ...COMMON.deployment, environmentVariables: { "A B": "" } as never } },
        /'A B'/,
      ],
    ];
    for (const [wrong, message] of CASES) {
      const faults = kubernetesFaults({ ...options, ...wrong });
      assert.equal(faults.length, 1, JSON.stringify(wrong));
      assert.match(faults[0]?.message ?? "", message);
    }
  });

  void test("no argument or value is read as a variable", () => {
    const environmentVariables = { A: "$(B) costs $5, $$ $$(C)", B: "b" };
    const deployment = { ...COMMON.deployment, environmentVariables };
    const job = kubernetesJob({ ...options, deployment, job: ["--input=/data/$(HOSTNAME)"] });
    const [container] = job.spec.template.spec.containers;
    assert.equal(container?.args[1], "--input=/data/$$(HOSTNAME)");
    assert.equal(expanded(container?.args[1] ?? ""), "--input=/data/$(HOSTNAME)");
    const [value = { value: "" }] = container?.env ?? [];
    assert.equal(expanded(value.value), environmentVariables.A);
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
