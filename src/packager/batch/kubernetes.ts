/** A batch job as an Indexed Job of Kubernetes: a pod for each shard, started again under its index. */

import { USER } from "../base/debian/rootfs.ts";
import type { EngineJob } from "./engine-job.ts";
import { literal } from "./kubernetes-rules.ts";

export type KubernetesOptions = EngineJob & {
  /** Reference of the image that every pod runs. */
  readonly image: string;
};

/** Starts of one shard that may end by themselves; what the cluster ends does not count. */
const TRIES_PER_SHARD = 3;
/** A shard lets a mini-batch go and leaves within it. */
const GRACE_S = 30;

/** JSON, which kubectl takes as it takes YAML. @source batch-engines.md: Kubernetes Indexed Job */
export function renderKubernetesJob(options: KubernetesOptions): string {
  return `${JSON.stringify(kubernetesJob(options), null, 2)}\n`;
}

export function kubernetesJob(options: KubernetesOptions) {
  const { name, shards, job, deployment, image, claim, mount } = options;
  const { environmentVariables } = deployment;
  const env = { ...environmentVariables, EDGEWRIGHT_SHARDS: String(shards) };
  const limits = limitsOf(deployment);
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, labels: { "app.kubernetes.io/name": name } },
    spec: {
      completionMode: "Indexed",
      completions: shards,
      parallelism: shards,
      backoffLimitPerIndex: TRIES_PER_SHARD,
      maxFailedIndexes: shards,
      podFailurePolicy: {
        rules: [
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
          // Exit codes of `batch` that another try does not change: the input, usage, the threshold, no row.
          {
            action: "FailIndex",
            onExitCodes: { containerName: "batch", operator: "In", values: [1, 2, 3, 42] },
          },
        ],
      },
      template: {
        metadata: { labels: { "app.kubernetes.io/name": name } },
        spec: {
          restartPolicy: "Never",
          terminationGracePeriodSeconds: GRACE_S,
          // A volume takes the group of the image's user, so that it may write there.
          securityContext: { runAsNonRoot: true, fsGroup: USER.gid },
          containers: [
            {
              name: "batch",
              image,
              args: ["batch", ...job.map(literal)],
              env: Object.entries(env).map(([variable, value]) => ({
                name: variable,
                value: literal(value),
              })),
              resources: { limits, requests: limits },
              securityContext: {
                readOnlyRootFilesystem: true,
                allowPrivilegeEscalation: false,
                capabilities: { drop: ["ALL"] },
              },
              volumeMounts: [
                { name: "data", mountPath: mount },
                { name: "tmp", mountPath: "/tmp" },
              ],
            },
          ],
          volumes: [
            { name: "data", persistentVolumeClaim: { claimName: claim } },
            { name: "tmp", emptyDir: {} },
          ],
        },
      },
    },
  };
}

function limitsOf({ cpus, memoryBytes }: EngineJob["deployment"]): Record<string, string> {
  return {
    ...(cpus !== null && { cpu: `${Math.round(cpus * 1000)}m` }),
    ...(memoryBytes !== null && { memory: String(memoryBytes) }),
  };
}
