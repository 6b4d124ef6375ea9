/** Which names and places does Kubernetes take? What was derived is made to fit, what was given is refused. */

import { posix } from "node:path";

import type { Problem } from "../../core/problem.ts";
import { isImageName } from "../image/reference.ts";
import type { KubernetesOptions } from "./kubernetes.ts";

/** Of a label; pods of an Indexed Job are called by the job's name, a hyphen and the index. @source RFC 1123 */
const MOST_LABEL = 63;
const MOST_SUBDOMAIN = 253;
const SUBDOMAIN = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
/** @source kubernetes/apimachinery: validation.go, IsEnvVarName */
const VARIABLE = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

/** A job's name from any text, so that the names of its pods fit, too. */
export function jobName(text: string, shards: number): string {
  return label(text, MOST_LABEL - `-${shards - 1}`.length, "batch");
}

/** A claim's name from that of a volume, which engines of containers let be anything. */
export function claimName(text: string): string {
  return label(text, MOST_LABEL, "data");
}

function label(text: string, most: number, otherwise: string): string {
  const words = text.toLowerCase().replaceAll(/[^a-z0-9-]+/g, "-");
  const name = words.replace(/^-+/, "").slice(0, most).replace(/-+$/, "");
  return name === "" ? otherwise : name;
}

/** A dollar before a parenthesis would be read as a variable. @source kubernetes: third_party/forked/golang/expansion */
export function literal(text: string): string {
  return text.replaceAll(/\$(?=[$(])/g, "$$$$");
}

/** Every fault of what was asked for; nothing where there is none. */
export function kubernetesFaults(options: KubernetesOptions): readonly Problem[] {
  const { claim, image, mount, deployment } = options;
  const faults: Problem[] = [];
  const fault = (message: string, hint: string): void =>
    void faults.push({ code: "CLI_USAGE", severity: "error", message, hint });
  if (!SUBDOMAIN.test(claim) || claim.length > MOST_SUBDOMAIN) {
    fault(
      `--claim is '${claim}', which is no name of Kubernetes`,
      "Write lower-case letters, digits, hyphens and dots, a letter or digit at both ends.",
    );
  }
  if (!isImageName(image)) {
    fault(`--image is '${image}', which is no image name`, "Write repository:tag in lower case.");
  }
  if (!isPlace(mount) || mount === "/") {
    fault(
      `--mount is '${mount}', where no volume can be`,
      "Write an absolute path other than /, without .. and without a colon.",
    );
  }
  for (const [flag, path] of placesOf(options)) {
    if (isPlace(path) && isInside(path, mount)) continue;
    fault(
      `${flag} is '${path}', which is outside of the volume at ${mount}`,
      `Write the path as the container sees it, below ${mount}, or another --mount.`,
    );
  }
  for (const name of Object.keys(deployment.environmentVariables)) {
    if (VARIABLE.test(name)) continue;
    fault(
      `environment variable '${name}' has a name that Kubernetes does not take`,
      "Rename it in the spec: letters, digits, _ - and dots, no digit first.",
    );
  }
  return faults;
}

function isPlace(path: string): boolean {
  return posix.isAbsolute(path) && !path.includes(":") && !path.split("/").includes("..");
}

function isInside(path: string, folder: string): boolean {
  const inside = posix.relative(posix.normalize(folder), posix.normalize(path));
  return inside !== ".." && !inside.startsWith("../");
}

/** Flags that name a path which every pod must see. */
function placesOf({ job }: KubernetesOptions): readonly (readonly [string, string])[] {
  return job.flatMap((word) => {
    const [, flag = "", path = ""] = /^(--(?:input|output|input-list))=(.*)$/s.exec(word) ?? [];
    return flag === "" ? [] : [[flag, path] as const];
  });
}
