/** Whose manners does an endpoint have? With a script among its deployments those of Azure's container. */

import type { ResolvedEndpoint } from "../../spec/resolved.ts";
import { OWN_CONVENTIONS } from "../fronts/conventions/conventions.ts";
import type { Conventions } from "../fronts/conventions/conventions.ts";
import { scriptConventions } from "../fronts/conventions/script-conventions.ts";

export function conventionsFor({ deployments }: ResolvedEndpoint): Conventions {
  const scripts = deployments.filter(({ script }) => script !== undefined);
  if (scripts.length === 0) return OWN_CONVENTIONS;
  const values = (name: string): readonly string[] =>
    scripts.flatMap(({ environmentVariables }) => environmentVariables[name] ?? []);
  const origins = values("AML_CORS_ORIGINS").flatMap((list) => list.split(","));
  const version = values("SERVER_VERSION_LOG_RESPONSE_ENABLED");
  return scriptConventions({
    origins: origins.map((origin) => origin.trim()).filter((origin) => origin !== ""),
    tellVersion: version.every((text) => text.toLowerCase() === "true"),
  });
}
