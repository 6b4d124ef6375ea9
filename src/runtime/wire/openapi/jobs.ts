/** A batch endpoint as an OpenAPI document: jobs are asked for, looked at, cancelled, and their results read. */

import type { ScoringResponse } from "../../../core/scoring.ts";
import { faultResponse } from "../fault.ts";
import type { Schema } from "./schema.ts";
import {
  commonPaths,
  parseOpenApiVersion,
  refusalsIn,
  renderDocument,
  unknownVersion,
} from "./openapi.ts";
import type { Dialect } from "./openapi.ts";

export type JobApiFacts = {
  readonly name: string;
  readonly description?: string;
  readonly deployments: readonly { readonly name: string }[];
};

const whole = (minimum: number, description: string): Schema => ({
  type: "integer",
  minimum,
  description,
});
const text = (description: string): Schema => ({ type: "string", description });

const EXAMPLE = { input: "input", output: "output", mini_batch_size: 5 };

function requestSchema(deployments: readonly string[]): Schema {
  return {
    type: "object",
    required: ["input"],
    properties: {
      input: text(
        "A file, or a folder with all below it; relative paths count from the data folder",
      ),
      output: text("Of its own, below a data folder; jobs/ID otherwise"),
      input_list: text("A file that names the input's files, one path a line"),
      deployment: { type: "string", enum: deployments },
      format: { type: "string", enum: ["azure", "csv", "jsonl", "npy"] },
      mini_batch_size: whole(1, "Files of one run()"),
      node_count: whole(1, "Times max_concurrency workers"),
      max_concurrency: whole(1, "Workers of one node"),
      max_retries: whole(0, "Tries of a mini-batch in all"),
      timeout: whole(1, "Seconds of one run()"),
      error_threshold: whole(-1, "Items that may fail; -1: all"),
      output_action: { type: "string", enum: ["append_row", "summary_only"] },
      output_file_name: text("Of the result in the output folder"),
      logging_level: { type: "string", enum: ["warning", "info", "debug"] },
    },
    additionalProperties: false,
  };
}

const STATES = ["queued", "running", "cancelling", "complete", "failed", "cancelled"];
const COUNTS = ["files", "total", "succeeded", "failed", "rows", "miniBatches", "retries"];

const JOB_SCHEMA: Schema = {
  type: "object",
  required: ["id", "status", "deployment", "input", "output", "created"],
  properties: {
    id: { type: "string" },
    status: { type: "string", enum: STATES },
    deployment: { type: "string" },
    input: { type: "string" },
    output: { type: "string" },
    created: { type: "string", format: "date-time" },
    started: { type: "string", format: "date-time" },
    ended: { type: "string", format: "date-time" },
    position: whole(1, "Of a job that waits: 1 is the next"),
    progress: {
      type: "object",
      properties: Object.fromEntries(COUNTS.map((name) => [name, { type: "integer" }])),
    },
    result: text("Where its rows are, once it is complete"),
    error: {
      type: "object",
      properties: { code: { type: "string" }, message: { type: "string" } },
    },
  },
};

/** @param secured whether requests need credentials. @returns the answer to `GET /swagger.json` */
export function jobsDocument(
  { name, description, deployments }: JobApiFacts,
  secured: boolean,
): (query: string) => Promise<ScoringResponse> {
  const request = requestSchema(deployments.map((deployment) => deployment.name));
  return (query) => {
    const given = new URLSearchParams(query).get("version") ?? "2";
    const version = parseOpenApiVersion(given);
    if (version === undefined) {
      return Promise.resolve(faultResponse("ROUTE_VERSION", unknownVersion(given.slice(0, 100))));
    }
    const document = renderDocument(
      {
        title: name,
        ...(description !== undefined && { description }),
        version: "1",
        secured,
        request,
        answer: JOB_SCHEMA,
        requestExample: EXAMPLE,
        paths: (dialect) => jobPaths(dialect, secured),
      },
      version,
    );
    const headers = { "content-type": "application/json" };
    return Promise.resolve({ status: 200, headers, body: Buffer.from(document) });
  };
}

function jobPaths(dialect: Dialect, secured: boolean) {
  const { response, parameter, body, schemas } = dialect;
  const refusals = refusalsIn(dialect, secured);
  const job = (description: string) => response(description, { $ref: `${schemas}ServiceOutput` });
  const list = {
    type: "object",
    properties: { jobs: { type: "array", items: { $ref: `${schemas}ServiceOutput` } } },
  };
  const id = parameter("path", "id", {});
  const cancelled = { 202: job("It is cancelled, or will be at once"), ...refusals };
  return {
    ...commonPaths(dialect, { secured, described: [] }),
    "/jobs": {
      get: {
        operationId: "ListJobs",
        responses: { 200: response("Newest first", list), ...refusals },
      },
      post: {
        operationId: "StartJob",
        ...body({ requestExample: EXAMPLE }),
        responses: { 202: job("It waits, or runs"), ...refusals },
      },
    },
    "/jobs/{id}": {
      get: {
        operationId: "GetJob",
        parameters: [id],
        responses: { 200: job("Its state, with numbers"), ...refusals },
      },
      delete: { operationId: "DeleteJob", parameters: [id], responses: cancelled },
    },
    "/jobs/{id}/cancel": {
      post: { operationId: "CancelJob", parameters: [id], responses: cancelled },
    },
    "/jobs/{id}/result": {
      get: {
        operationId: "GetJobResult",
        parameters: [id],
        responses: { 200: dialect.text("The rows, in the format of the job"), ...refusals },
      },
    },
  };
}
