/** Which old keys are understood where? They are candidates of did-you-mean, never proposals. */

const BATCH = [
  "mini_batch_size",
  "max_concurrency_per_instance",
  "error_threshold",
  "retry_settings",
  "output_action",
  "output_file_name",
  "append_row_file_name",
  "logging_level",
  "partitioning_scheme",
  "output_configuration",
];

/** By the canonical key of the block. @source azureml-contract 2.3, 5.8 */
const OLD_KEYS: Readonly<Record<string, readonly string[]>> = {
  deployment: [
    "code_reference",
    "scale",
    "request",
    "sku",
    "resource_requirements",
    "batch_settings",
    "liveness_probe",
    "readiness_probe",
    ...BATCH,
  ],
  model: ["local_path", "asset_path"],
  environment: ["docker"],
  code_configuration: ["directory"],
  scale_settings: ["scale_type", "instance_count", "node_count", "minimum", "maximum"],
  settings: BATCH,
  retry_settings: ["maximum_retries", "timeout_in_seconds"],
};

/** @param path of a mapping in the canonical form */
export function oldKeysAt(path: readonly (string | number)[]): readonly string[] {
  if (path[0] !== "deployments") return [];
  return OLD_KEYS[path.length === 2 ? "deployment" : String(path.at(-1))] ?? [];
}
