/** Which fields does Azure know that mean nothing on a device? They are dropped, with a note. */

import { ignored } from "../rewriting/draft.ts";
import type { Draft, Report } from "../rewriting/draft.ts";

const CLOUD = "means nothing on a device";
const READ_ONLY = "is what the Azure service reports, not a setting";
const PROBES = "is not needed: the runtime's own health checks take its place";

/** @source azureml-contract 1.1, 2.3 */
const ENDPOINT: Readonly<Record<string, string>> = {
  identity: CLOUD,
  public_network_access: CLOUD,
  properties: CLOUD,
  location: CLOUD,
  compute: CLOUD,
  infrastructure: CLOUD,
  target: CLOUD,
  ssl_enabled: CLOUD,
  display_name: CLOUD,
  kind: READ_ONLY,
  id: READ_ONLY,
  scoring_uri: READ_ONLY,
  openapi_uri: READ_ONLY,
  swagger_uri: READ_ONLY,
  provisioning_state: READ_ONLY,
  provisioning_status: READ_ONLY,
};

/** @source azureml-contract 2.1, 2.6 */
const DEPLOYMENT: Readonly<Record<string, string>> = {
  $schema: CLOUD,
  type: CLOUD,
  endpoint_name: "is the name of the endpoint around it",
  tags: CLOUD,
  properties: CLOUD,
  infrastructure: CLOUD,
  app_insights_enabled: CLOUD,
  egress_public_network_access: CLOUD,
  private_network_connection: CLOUD,
  data_collector: CLOUD,
  model_mount_path: CLOUD,
  location: CLOUD,
  id: READ_ONLY,
  provisioning_state: READ_ONLY,
  liveness_probe: PROBES,
  readiness_probe: PROBES,
};

const ASSET: Readonly<Record<string, string>> = {
  $schema: CLOUD,
  type: CLOUD,
  flavors: CLOUD,
  description: CLOUD,
  tags: CLOUD,
  properties: CLOUD,
  os_type: CLOUD,
  id: READ_ONLY,
};

const SCALE: Readonly<Record<string, string>> = {
  target_utilization_percentage: CLOUD,
  polling_interval: CLOUD,
};

const FIELDS = { endpoint: ENDPOINT, deployment: DEPLOYMENT, asset: ASSET, scale: SCALE } as const;

export function dropAzureOnly(draft: Draft, level: keyof typeof FIELDS, report: Report): void {
  for (const entry of draft.entries()) {
    const why = Object.hasOwn(FIELDS[level], entry.key) ? FIELDS[level][entry.key] : undefined;
    if (why === undefined) continue;
    draft.take(entry.key);
    if (entry.key !== "$schema") report(ignored(entry, why));
  }
}
