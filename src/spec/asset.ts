/** Which asset does `azureml:name:version` mean? References to models and environments as text. */

import { isAssetName } from "../core/asset.ts";

export type AssetReference = {
  readonly name: string;
  /** `latest` asks for the highest version there is. */
  readonly version: string | { readonly label: "latest" };
};

export type AssetKind = "model" | "environment";

/** A folder name that may stand before the asset's own name. @source azureml-contract 2.3 */
const COLLECTIONS = { model: "models", environment: "env|environments" } as const;

/** `azureml:n:v`, `azureml:models/n:v`, `aml:models/n:v`, `…/versions/v`, `n@latest`, registry and ARM ids. */
export function parseAsset(text: string, kind: AssetKind): AssetReference | undefined {
  const collection = COLLECTIONS[kind];
  const full = new RegExp(
    `^(?:azureml:)?/.*/(?:${collection})/(?<name>[^/]+)/(?<step>versions|labels)/(?<version>[^/]+)$`,
  );
  const short = new RegExp(
    `^(?:azureml|aml):(?:(?:${collection})/)?(?<name>[^/:@]+)(?<step>:|@|/versions/|/labels/)(?<version>[^/:@]+)$`,
  );
  const { name, step, version } = (full.exec(text) ?? short.exec(text))?.groups ?? {};
  if (name === undefined || version === undefined) return undefined;
  if (!isAssetName(name) || !isAssetName(version)) return undefined;
  if (step !== "@" && step !== "labels" && step !== "/labels/") return { name, version };
  return version === "latest" ? { name, version: { label: "latest" } } : undefined;
}

/** The current short spelling. */
export function renderAsset({ name, version }: AssetReference): string {
  return typeof version === "string" ? `azureml:${name}:${version}` : `azureml:${name}@latest`;
}

/** Whether a text is meant as a reference, well formed or not. */
export function looksLikeAsset(text: string): boolean {
  return /^(?:azureml|aml):|^\/subscriptions\//.test(text);
}
