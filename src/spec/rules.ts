/** Do the settings of a well-shaped spec agree with each other? The rules, in the order of their report. */

import type { Problem } from "../core/problem.ts";
import type { EndpointSpec } from "./endpoint.ts";
import type { Places } from "./text/places.ts";
import type { Rule } from "./rule.ts";
import { authIsOffline } from "./rules/auth.ts";
import {
  batchStaysBatch,
  defaultDeploymentExists,
  environmentNames,
  environmentValues,
  deploymentsExist,
  modelOrScript,
} from "./rules/deployments.ts";
import {
  deviceUnits,
  edgeNames,
  outboxUnits,
  portsAreNumbers,
  volumeIsAbsolute,
} from "./rules/edge.ts";
import { requestsWithinLimits, resourceUnits, scaleIsPossible } from "./rules/limits.ts";
import { deploymentNames, endpointName } from "./rules/names.ts";
import {
  mirrorRules,
  trafficAbsent,
  trafficKeysDiffer,
  trafficNames,
  trafficSum,
} from "./rules/traffic.ts";

const RULES: readonly Rule[] = [
  endpointName,
  authIsOffline,
  deploymentsExist,
  deploymentNames,
  modelOrScript,
  batchStaysBatch,
  defaultDeploymentExists,
  environmentNames,
  environmentValues,
  trafficKeysDiffer,
  trafficNames,
  trafficSum,
  trafficAbsent,
  mirrorRules,
  scaleIsPossible,
  resourceUnits,
  requestsWithinLimits,
  edgeNames,
  deviceUnits,
  portsAreNumbers,
  volumeIsAbsolute,
  outboxUnits,
];

export function checkRules(spec: EndpointSpec, places: Places): readonly Problem[] {
  return RULES.flatMap((rule) => rule(spec, places));
}
