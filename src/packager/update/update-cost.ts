/**
 * What does a device that has the old image download for the new one? By the rules of the two stores
 * that engines have.
 *
 * @source moby/moby: distribution/xfer/download.go (a layer is there when its chain is, and its digest
 *   was pulled before); containerd: content store (a blob is there when its digest is)
 */

export const ENGINES = ["overlay2", "containerd"] as const;
export type EngineKind = (typeof ENGINES)[number];

export type DeviceLayer = {
  readonly name: string;
  readonly digest: string;
  readonly bytes: number;
  readonly diffId: string;
};

export type DeviceDocument = { readonly digest: string; readonly bytes: number };

export type DeviceImage = {
  readonly config: DeviceDocument;
  readonly manifest: DeviceDocument;
  /** Bottom to top. */
  readonly layers: readonly DeviceLayer[];
};

/** What of the old image decides. */
export type OldImage = {
  readonly config: Pick<DeviceDocument, "digest">;
  readonly manifest: Pick<DeviceDocument, "digest">;
  readonly layers: readonly Pick<DeviceLayer, "digest" | "diffId">[];
};

export type LayerCost = {
  readonly digest: string;
  readonly name: string;
  readonly size: number;
  readonly fetched: boolean;
  readonly reason: string;
};

export type UpdateCost = {
  readonly engine: EngineKind;
  /** All of it: layers, config and manifest. */
  readonly bytes: number;
  readonly config: number;
  readonly manifest: number;
  readonly layers: readonly LayerCost[];
};

export type UpdateRules = {
  readonly engine: EngineKind;
  /** The old image came by `docker load`. */
  readonly oldLoaded: boolean;
};

export function updateCost(old: OldImage, next: DeviceImage, rules: UpdateRules): UpdateCost {
  const layers =
    rules.engine === "overlay2"
      ? overlayLayers(old, next, rules.oldLoaded)
      : containerdLayers(old, next);
  const config = next.config.digest === old.config.digest ? 0 : next.config.bytes;
  // The classic engine asks for the manifest each time; containerd for its digest first.
  const known = rules.engine === "containerd" && next.manifest.digest === old.manifest.digest;
  const manifest = known ? 0 : next.manifest.bytes;
  const fetched = layers.reduce((sum, { size, fetched: is }) => sum + (is ? size : 0), 0);
  return { engine: rules.engine, bytes: fetched + config + manifest, config, manifest, layers };
}

function overlayLayers(old: OldImage, next: DeviceImage, oldLoaded: boolean): readonly LayerCost[] {
  // An image whose config is there already is not looked at further.
  if (next.config.digest === old.config.digest)
    return next.layers.map((layer) => cost(layer, "the whole image is there"));
  const had = new Set(old.layers.map(({ digest }) => digest));
  const kept = oldLoaded ? 0 : sharedChain(old, next);
  const asked = new Set<string>();
  return next.layers.map((layer, at) => {
    if (at < kept) return cost(layer, "there already");
    if (asked.has(layer.digest)) return cost(layer, "is fetched for a layer below");
    asked.add(layer.digest);
    if (oldLoaded)
      return cost(layer, undefined, "the old image was loaded, and only pulls are known");
    if (!had.has(layer.digest)) return cost(layer, undefined, "is new");
    const changed = next.layers[kept]?.name ?? "";
    return cost(layer, undefined, `stands above a changed layer: ${changed}`);
  });
}

/** A layer is there when all below it are, in the same order. */
function sharedChain(old: OldImage, next: DeviceImage): number {
  const different = next.layers.findIndex(
    ({ digest, diffId }, at) =>
      old.layers[at]?.digest !== digest || old.layers[at]?.diffId !== diffId,
  );
  return different === -1 ? next.layers.length : different;
}

function containerdLayers(old: OldImage, next: DeviceImage): readonly LayerCost[] {
  const had = new Set(old.layers.map(({ digest }) => digest));
  return next.layers.map((layer) => {
    const there = had.has(layer.digest);
    had.add(layer.digest);
    return there ? cost(layer, "there already") : cost(layer, undefined, "is new");
  });
}

function cost(
  { digest, name, bytes }: DeviceLayer,
  there: string | undefined,
  fetchedFor = "",
): LayerCost {
  return { digest, name, size: bytes, fetched: there === undefined, reason: there ?? fetchedFor };
}
