/** What shape does a spec have, once its dialect is taken away? The one definition of its keys. */

import { z } from "zod";
import {
  MOST_INSTANCES,
  MOST_MINI_BATCH_SECONDS,
  MOST_NODES,
  MOST_OUTBOX_SECONDS,
  MOST_REQUEST_MS,
  MOST_REQUESTS_PER_INSTANCE,
} from "../core/limits/setting-bounds.ts";
import { PLATFORMS } from "./resolved.ts";

const text = z.string().describe("text");
/** An empty one would be the folder of the spec. */
const pathOf = (what: string) => z.string().min(1).describe(`the path of ${what}`);
const textMap = z.record(z.string(), text).describe("a mapping of text");
const whole = (min: number, what: string, max?: number) =>
  (max === undefined ? z.int().min(min) : z.int().min(min).max(max)).describe(what);
const upTo = (max: number, min = 1) => whole(min, `a whole number from ${min} to ${max}`, max);
const timeUpTo = (max: number, unit: string, min = 1) =>
  whole(min, `a whole number of ${unit} from ${min} to ${max}`, max);

const cpus = z.union([z.number(), z.string()]).describe('a number of CPUs, such as 0.5 or "500m"');
const memory = z
  .union([z.number(), z.string()])
  .describe('an amount of memory, such as "512Mi" or "1.5Gi"');
const percent = whole(0, "a whole per cent from 0 to 100", 100);
const amounts = z.strictObject({ cpu: cpus.optional(), memory: memory.optional() });

const model = z
  .union([
    text,
    z.strictObject({
      name: text.optional(),
      version: text.optional(),
      path: pathOf("a model's file or folder"),
    }),
  ])
  .describe("a reference such as azureml:name:version, or a mapping with a path");

export const environmentSchema = z.strictObject({
  name: text.optional(),
  version: text.optional(),
  image: text.optional(),
  conda_file: text.describe("the path of a conda file").optional(),
});

const environment = z
  .union([text, environmentSchema])
  .describe("a reference such as azureml:name:version, or a mapping with an image");

const batchSettings = z.strictObject({
  mini_batch_size: whole(1, "a whole number of files of at least 1").optional(),
  max_concurrency_per_instance: upTo(MOST_REQUESTS_PER_INSTANCE).optional(),
  output_action: z.enum(["append_row", "summary_only"]).optional(),
  output_file_name: text.optional(),
  retry_settings: z
    .strictObject({
      max_retries: whole(0, "a whole number of at least 0").optional(),
      timeout: timeUpTo(MOST_MINI_BATCH_SECONDS, "seconds").optional(),
    })
    .optional(),
  error_threshold: whole(-1, "a whole number of at least -1").optional(),
  logging_level: z.enum(["warning", "info", "debug"]).optional(),
});

const instances = upTo(MOST_INSTANCES);

const deployment = z.strictObject({
  description: text.optional(),
  model: model.optional(),
  code_configuration: z
    .strictObject({ code: pathOf("a folder").optional(), scoring_script: pathOf("a script") })
    .optional(),
  environment: environment.optional(),
  environment_variables: textMap.optional(),
  instance_type: text.optional(),
  instance_count: instances.optional(),
  scale_settings: z
    .strictObject({
      type: z.enum(["default", "target_utilization"]).optional(),
      min_instances: instances.optional(),
      max_instances: instances.optional(),
    })
    .optional(),
  request_settings: z
    .strictObject({
      request_timeout_ms: timeUpTo(MOST_REQUEST_MS, "milliseconds").optional(),
      max_concurrent_requests_per_instance: upTo(MOST_REQUESTS_PER_INSTANCE).optional(),
      max_queue_wait_ms: timeUpTo(MOST_REQUEST_MS, "milliseconds", 0).optional(),
    })
    .optional(),
  resources: z
    .strictObject({
      requests: amounts.optional(),
      limits: amounts.optional(),
      instance_count: upTo(MOST_NODES).optional(),
    })
    .optional(),
  compute: text.optional(),
  settings: batchSettings.optional(),
});

const name = z.string().describe("a name");
const port = whole(1, "a port from 1 to 65535", 65535);
const size = z
  .union([z.number(), z.string()])
  .describe('a number of bytes, such as 1048576 or "64Mi"');

/** Our own additions. */
const edge = z.strictObject({
  module: name.optional(),
  platforms: z
    .array(z.enum(PLATFORMS))
    .min(1)
    .describe("a list of at least one platform")
    .optional(),
  device: z
    .strictObject({
      cpus,
      memory,
      reserve: z
        .strictObject({
          cpus: z
            .union([z.number(), z.string()])
            .describe('a number of CPUs, such as 0.25 or "250m"')
            .optional(),
          memory: memory.optional(),
        })
        .optional(),
    })
    .optional(),
  volume: z
    .strictObject({ name, path: text.describe("an absolute path in the module") })
    .optional(),
  ports: z.record(z.string(), port).describe("a mapping of host ports to ports").optional(),
  env: textMap.optional(),
  restart_policy: z.enum(["always", "never"]).optional(),
  startup_order: whole(0, "a whole number of at least 0", 4294967295).optional(),
  image_pull_policy: z.enum(["on-create", "never"]).optional(),
  registry: z.strictObject({ address: text, username_env: text, password_env: text }).optional(),
  base: text.optional(),
  routes: textMap.optional(),
  inputs: z.array(name).min(1).describe("a list of at least one name").optional(),
  outputs: z.array(name).min(1).describe("a list of at least one name").optional(),
  outbox: z
    .strictObject({
      max_bytes: size.optional(),
      max_age_seconds: timeUpTo(MOST_OUTBOX_SECONDS, "seconds").optional(),
    })
    .optional(),
  placement: z.enum(["inline", "worker", "process"]).optional(),
  status: z.enum(["azure", "pass-through"]).optional(),
  cpu_period_ms: whole(1, "a whole number of milliseconds from 1 to 1000", 1000).optional(),
});

export const endpointSchema = z.strictObject({
  name,
  type: z.enum(["online", "batch"]).optional(),
  description: text.optional(),
  tags: textMap.optional(),
  auth_mode: z.enum(["key", "aml_token", "aad_token", "none"]).optional(),
  traffic: z
    .record(z.string(), percent)
    .describe("a mapping of deployments to per cent")
    .optional(),
  mirror_traffic: z
    .record(z.string(), whole(0, "a whole per cent from 0 to 50", 50))
    .describe("a mapping of one deployment to per cent")
    .optional(),
  defaults: z.strictObject({ deployment_name: name.optional() }).optional(),
  deployments: z.record(z.string(), deployment).describe("a mapping of deployments"),
  edge: edge.optional(),
});

export type EndpointSpec = z.infer<typeof endpointSchema>;
export type DeploymentSpec = z.infer<typeof deployment>;
export type EdgeSpec = z.infer<typeof edge>;
