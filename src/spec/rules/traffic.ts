/** Does live and mirrored traffic go to deployments that exist, in shares that make sense? */

import type { Problem } from "../../core/problem.ts";
import type { EndpointSpec } from "../endpoint.ts";
import { deploymentNamed } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { listOf, nearest, show, showKey } from "../text/suggest.ts";

export const trafficNames: Rule = (spec, places) =>
  Object.keys(spec.traffic ?? {})
    .filter((name) => deploymentNamed(spec, name) === undefined)
    .map((name) => unknownDeployment(spec, name, places.key(["traffic", name])));

export const trafficKeysDiffer: Rule = (spec, places) => {
  const seen = new Set<string>();
  const problems: Problem[] = [];
  for (const name of Object.keys(spec.traffic ?? {})) {
    if (seen.has(name.toLowerCase())) {
      problems.push({
        code: "SPEC_DUPLICATE_KEY",
        severity: "error",
        message: `${showKey(name)} appears a second time in traffic, names must differ in more than case`,
        at: places.key(["traffic", name]),
        hint: `Remove one ${showKey(name)}.`,
      });
    }
    seen.add(name.toLowerCase());
  }
  return problems;
};

/** 0 closes the endpoint for requests that name no deployment. @source azureml-contract 1.3 */
export const trafficSum: Rule = (spec, places) => {
  const traffic = spec.traffic ?? {};
  if (Object.keys(traffic).some((name) => deploymentNamed(spec, name) === undefined)) return [];
  const sum = Object.values(traffic).reduce((total, share) => total + share, 0);
  if (sum === 0 || sum === 100) return [];
  return [
    {
      code: "SPEC_TRAFFIC_SUM",
      severity: "error",
      message: `traffic adds up to ${sum}, must be 0 or 100`,
      at: places.key(["traffic"]),
      hint: sumHint(traffic, sum),
    },
  ];
};

/** Which share could change, and to what. */
function sumHint(traffic: Readonly<Record<string, number>>, sum: number): string {
  const largest = Object.entries(traffic).reduce((a, b) => (b[1] > a[1] ? b : a));
  const fixed = largest[1] + 100 - sum;
  if (fixed < 0) return "Lower the shares until they add up to 100.";
  return `Set ${largest[0]} to ${fixed}, for example.`;
}

export const trafficAbsent: Rule = (spec, places) => {
  if (spec.type === "batch") return [];
  const names = Object.keys(spec.deployments);
  const live = Object.values(spec.traffic ?? {}).some((share) => share > 0);
  if (live || names.length === 0) return [];
  const at = places.absent(["traffic"]);
  if (spec.traffic === undefined && names.length === 1) {
    return [
      {
        code: "SPEC_NO_TRAFFIC",
        severity: "note",
        message: `\`traffic\` is absent: ${names[0]} gets 100 as the only deployment`,
        at,
        hint: `Write \`traffic: {${names[0]}: 100}\` to say so.`,
      },
    ];
  }
  return [
    {
      code: "SPEC_NO_TRAFFIC",
      severity: "warning",
      message:
        "no deployment gets traffic: only requests with the header azureml-model-deployment reach one",
      at: spec.traffic === undefined ? at : places.key(["traffic"]),
      hint: `Give ${names[0]} a share in \`traffic\`, and let the shares add up to 100.`,
    },
  ];
};

/** One deployment, and none that takes live traffic. @source azureml-contract 1.3 */
export const mirrorRules: Rule = (spec, places) => {
  const mirrored = Object.keys(spec.mirror_traffic ?? {});
  const unknown = mirrored.filter((name) => deploymentNamed(spec, name) === undefined);
  if (unknown.length > 0) {
    return unknown.map((name) =>
      unknownDeployment(spec, name, places.key(["mirror_traffic", name])),
    );
  }
  if (mirrored.length > 1) {
    return [
      {
        code: "SPEC_CONFLICT",
        severity: "error",
        message: `mirror_traffic names ${mirrored.length} deployments, must name one`,
        at: places.key(["mirror_traffic"]),
        hint: "Keep the one that is to be watched.",
      },
    ];
  }
  return mirrored.flatMap((name): readonly Problem[] => {
    const live = liveShare(spec, name);
    if (live === 0 || spec.mirror_traffic?.[name] === 0) return [];
    return [
      {
        code: "SPEC_CONFLICT",
        severity: "error",
        message: `${name} has ${live} % of the live traffic and is mirrored to, must have one of the two`,
        at: places.key(["mirror_traffic", name]),
        hint: `Set ${name} to 0 in \`traffic\`, or mirror to another deployment.`,
      },
    ];
  });
};

/** Per cent of live traffic; the only deployment has all of it where nothing is said. */
export function liveShare(spec: EndpointSpec, name: string): number {
  if (spec.type === "batch") return 0;
  if (spec.traffic === undefined) return Object.keys(spec.deployments).length === 1 ? 100 : 0;
  return Object.entries(spec.traffic).find(([key]) => sameName(key, name))?.[1] ?? 0;
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

export function unknownDeployment(
  spec: EndpointSpec,
  name: string,
  at: Problem["at"] & object,
): Problem {
  const names = Object.keys(spec.deployments);
  return {
    code: "SPEC_UNKNOWN_DEPLOYMENT",
    severity: "error",
    message: `${show(name)} is no deployment of this endpoint, must be ${listOf(names)}`,
    at,
    hint: `Write ${nearest(name, names) ?? listOf(names)}, or add the deployment.`,
  };
}
