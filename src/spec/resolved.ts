/**
 * The resolved endpoint: what the user wrote with every default filled and every reference fixed.
 * It is the JSON inside the image and the only thing the runtime reads. On the build machine paths
 * are absolute paths there; in an image they are the image's own, so nothing in it tells who built it.
 */

import type { SampleOutput } from "../core/tensors/recorded-sample.ts";
import type { Signature } from "../core/tensors/signature.ts";

export type AuthMode = "none" | "key" | "aml_token" | "aad_token";

export type ResolvedModel = {
  /** Of a named model; an inline one without a name is called after its deployment, version "1". */
  readonly name: string;
  readonly version: string;
  /** The file or folder. */
  readonly path: string;
  /** What a script sees as `AZUREML_MODEL_DIR`; the folder that `path` lies in where it is absent. */
  readonly directory?: string;
  /** Recorded when the file is looked at; only for models that are served without a script. */
  readonly sha256?: string;
  readonly bytes?: number;
  /** Memory that one instance was measured to need; reaches a device with the manifest, not in the image. */
  readonly needBytes?: number;
  readonly opset?: number;
  /** What it answers to the first generated input, for whoever tries the image. */
  readonly sample?: readonly SampleOutput[];
  readonly signature?: Signature;
};

export type ResolvedScript = {
  /** The code folder. */
  readonly directory: string;
  /** The script, inside `directory` or beside the spec. */
  readonly path: string;
  /** Modules of other people that its import lines name. */
  readonly imports?: readonly string[];
};

export type ResolvedEnvironment = {
  readonly name?: string;
  readonly version?: string;
  readonly image?: string;
  /** Path of a conda file, absolute on the build machine. */
  readonly condaFile?: string;
  /** What the conda file asks for beside Python itself: names as pip spells them. */
  readonly requirements?: readonly string[];
};

export type Scale = {
  readonly type: "manual" | "automatic";
  readonly minInstances: number;
  readonly maxInstances: number;
};

/** Settings of a batch deployment. @source azureml-contract 5.2 */
export type ResolvedBatch = {
  readonly nodeCount: number;
  readonly miniBatchSize: number;
  readonly maxConcurrencyPerInstance: number;
  readonly outputAction: "append_row" | "summary_only";
  readonly outputFileName: string;
  readonly maxRetries: number;
  readonly timeoutSeconds: number;
  readonly errorThreshold: number;
  readonly loggingLevel: "warning" | "info" | "debug";
  readonly compute?: string;
};

export type ResolvedDeployment = {
  readonly name: string;
  readonly description?: string;
  /** Per cent of the requests that name no deployment; 0 for a batch deployment. */
  readonly traffic: number;
  readonly instances: number;
  readonly scale: Scale;
  /** Per instance; null: no limit. */
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
  /** Where the limits came from: memory of a SKU may be cut to fit a device, memory by number never. */
  readonly limitsFrom: "sku" | "resources" | "device" | "none";
  /** As Azure spells it, where the limits came from an instance type. */
  readonly instanceType?: string;
  readonly requestTimeoutMs: number;
  readonly maxConcurrentRequestsPerInstance: number;
  readonly maxQueueWaitMs: number;
  readonly model?: ResolvedModel;
  readonly script?: ResolvedScript;
  readonly environment?: ResolvedEnvironment;
  readonly environmentVariables: Readonly<Record<string, string>>;
  readonly batch?: ResolvedBatch;
};

export type ResolvedModule = {
  /** Module name and image repository: lower case. */
  readonly name: string;
  /** The whole container; null: no limit. */
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
  readonly platforms: readonly Platform[];
  /** Host port → container port. */
  readonly ports: Readonly<Record<string, number>>;
  readonly env: Readonly<Record<string, string>>;
  readonly restartPolicy: "always" | "never";
  readonly startupOrder?: number;
  readonly imagePullPolicy: "on-create" | "never";
  readonly cpuPeriodMs?: number;
  readonly volume?: { readonly name: string; readonly path: string };
  readonly registry?: {
    readonly address: string;
    readonly usernameEnv: string;
    readonly passwordEnv: string;
  };
  readonly base?: string;
  readonly routes: Readonly<Record<string, string>>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly outbox?: { readonly maxBytes?: number; readonly maxAgeSeconds?: number };
  readonly placement?: "inline" | "worker" | "process";
  readonly status?: "azure" | "pass-through";
};

export const PLATFORMS = ["linux/amd64", "linux/arm64"] as const;
export type Platform = (typeof PLATFORMS)[number];

export type ResolvedEndpoint = {
  /** Of this document's own shape. */
  readonly format: 1;
  readonly name: string;
  readonly kind: "online" | "batch";
  readonly description?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly authMode: AuthMode;
  /** In the order of the spec. */
  readonly deployments: readonly ResolvedDeployment[];
  /** Copies of this share of the live requests go to this deployment too; at most 50 %. */
  readonly mirror?: { readonly deployment: string; readonly percent: number };
  /** Of a batch endpoint: the one a job runs when it names none. */
  readonly defaultDeployment?: string;
  readonly module: ResolvedModule;
};

/** Deployments that requests are scored by, one at a time: those of a batch endpoint run jobs. */
export function scoredDeployments({
  kind,
  deployments,
}: Pick<ResolvedEndpoint, "kind" | "deployments">): readonly ResolvedDeployment[] {
  return kind === "batch" ? [] : deployments;
}

/**
 * How many processes run the script in one instance: `WORKER_COUNT` where it is a number above 0.
 * Each of them may use the memory of an instance.
 */
export function scriptProcesses(
  deployment: Pick<
    ResolvedDeployment,
    "script" | "environmentVariables" | "maxConcurrentRequestsPerInstance"
  >,
): number {
  const { script, environmentVariables, maxConcurrentRequestsPerInstance } = deployment;
  if (script === undefined) return 1;
  const count = environmentVariables["WORKER_COUNT"] ?? "";
  return /^[1-9]\d{0,3}$/.test(count) ? Number(count) : maxConcurrentRequestsPerInstance;
}
