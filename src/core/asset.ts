/** What may a model, an environment or a version be called? The names become folders. */

/** Starts with a letter or digit, so that neither `..` nor a hidden file is a name. */
const ASSET_NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,254}$/;

export function isAssetName(text: string): boolean {
  return ASSET_NAME.test(text);
}

/**
 * The highest of some versions: runs of digits compare as numbers, `10` is above `9`.
 * `undefined` where there is none.
 */
export function latestVersion(versions: readonly string[]): string | undefined {
  return versions.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
}
