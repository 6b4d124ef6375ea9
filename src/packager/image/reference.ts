/** What is an image called? `repository:tag`, as IoT Edge and the engines take it. */

import { userError } from "../../core/problem.ts";

export type Reference = { readonly repository: string; readonly tag: string };

/** What engines put before a name without a registry. @source distribution/reference: normalize.go */
const DEFAULT_REGISTRY = "docker.io";

const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const HOST = "(?:[a-zA-Z0-9.-]+(?::[0-9]+)?/)?";
const PATTERN = new RegExp(
  `^(?<repository>${HOST}${COMPONENT}(?:/${COMPONENT})*)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?$`,
  "u",
);

/** @source distribution/reference: NameTotalLengthMax */
const MOST_REPOSITORY = 255;

const DIGEST = /@sha256:[0-9a-f]{64}$/u;

/** Whether an engine could pull it: `repository`, with a tag, a digest or both. */
export function isImageName(text: string): boolean {
  return PATTERN.test(text.replace(DIGEST, ""));
}

/** @param defaultTag  for a text that names none: a moving tag like `latest` would never be pulled again */
export function parseReference(text: string, defaultTag: string): Reference {
  const groups = PATTERN.exec(text)?.groups;
  if (groups?.["repository"] === undefined) {
    throw userError("BUILD_TAG", `"${text}" is not an image name: repository:tag in lower case.`, {
      hint: 'Name the image like "registry.example/pumps/monitor:1.4.0".',
    });
  }
  if (groups["repository"].length > MOST_REPOSITORY) {
    throw userError(
      "BUILD_TAG",
      `The image name ${text.slice(0, 40)}… has ${groups["repository"].length} letters before its tag, and engines take ${MOST_REPOSITORY}.`,
      { hint: "Name the image shorter." },
    );
  }
  return { repository: groups["repository"], tag: groups["tag"] ?? defaultTag };
}

export function printReference({ repository, tag }: Reference): string {
  return `${repository}:${tag}`;
}

/** With its registry spelled out, as containerd keeps names. */
export function fullName(reference: Reference): string {
  const [first = "", ...rest] = reference.repository.split("/");
  const hasHost = rest.length > 0 && (/[.:]/u.test(first) || first === "localhost");
  const name = printReference(reference);
  if (hasHost) return name;
  return `${DEFAULT_REGISTRY}/${rest.length > 0 ? name : `library/${name}`}`;
}
