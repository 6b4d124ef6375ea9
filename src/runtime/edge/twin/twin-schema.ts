/**
 * The desired properties that the module understands, as a JSON schema: docs/twin.schema.json is
 * written from it, and so is the table in docs/edge.md.
 */

import {
  MOST_OUTBOX_SECONDS,
  MOST_REQUEST_MS,
  MOST_REQUESTS_PER_INSTANCE,
} from "../../../core/limits/setting-bounds.ts";

export const LOG_LEVEL_NAMES = ["debug", "info", "warn", "error"] as const;

export const REQUEST_SETTINGS = {
  requestTimeoutMs: { minimum: 1, maximum: MOST_REQUEST_MS, summary: "time of one request" },
  maxConcurrentRequestsPerInstance: {
    minimum: 1,
    maximum: MOST_REQUESTS_PER_INSTANCE,
    summary: "requests at a time",
  },
  maxQueueWaitMs: { minimum: 0, maximum: MOST_REQUEST_MS, summary: "wait for a slot" },
} as const;

export const OUTBOX_SETTINGS = {
  maxBytes: { minimum: 65_536, maximum: 1_099_511_627_776, summary: "size of the outbox" },
  maxAgeSeconds: { minimum: 1, maximum: MOST_OUTBOX_SECONDS, summary: "age of a result" },
} as const;

export const MAX_MIRROR_PERCENT = 50;

type Range = { readonly minimum: number; readonly maximum: number; readonly summary: string };

function integers(ranges: Readonly<Record<string, Range>>): object {
  return {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.entries(ranges).map(([name, { minimum, maximum, summary }]) => [
        name,
        { type: "integer", minimum, maximum, description: summary },
      ]),
    ),
  };
}

export const TWIN_SCHEMA = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Desired properties of an edgewright module",
  type: "object",
  additionalProperties: false,
  properties: {
    $version: { type: "integer" },
    $metadata: { type: "object" },
    traffic: {
      description: "per cent by deployment; the sum is 100, or 0 for nobody",
      type: "object",
      additionalProperties: { type: "integer", minimum: 0, maximum: 100 },
    },
    mirrorTraffic: {
      description: "one deployment and the per cent of requests that it gets a copy of",
      type: "object",
      maxProperties: 1,
      additionalProperties: { type: "integer", minimum: 0, maximum: MAX_MIRROR_PERCENT },
    },
    requestSettings: integers(REQUEST_SETTINGS),
    logLevel: { enum: LOG_LEVEL_NAMES },
    keys: {
      description: "SHA-256 hashes of keys, or public keys of whoever signs tokens",
      type: "array",
      maxItems: 16,
      items: { type: "string" },
    },
    outbox: integers(OUTBOX_SETTINGS),
    deployments: {
      type: "object",
      additionalProperties: {
        type: "object",
        additionalProperties: false,
        properties: { enabled: { type: "boolean" } },
      },
    },
  },
} as const;
