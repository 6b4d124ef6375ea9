/** How many CPUs and how much memory does an Azure instance type have? */

import type { Place, Problem, Read } from "../../core/problem.ts";
import { GIB } from "../capacity/quantity.ts";
import { nearest, show } from "../text/suggest.ts";

export type Sku = {
  /** As Azure spells it. */
  readonly name: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly gpu: boolean;
};

/**
 * vCPUs and GiB; a third number where it has GPUs.
 *
 * @source azureml-contract 7 (MicrosoftDocs: managed online endpoints VM SKU list; virtual-machines series pages)
 */
const SIZES: Readonly<Record<string, readonly [cpus: number, gib: number, gpus?: number]>> = {
  Standard_DS1_v2: [1, 3.5],
  Standard_DS2_v2: [2, 7],
  Standard_DS3_v2: [4, 14],
  Standard_DS4_v2: [8, 28],
  Standard_DS5_v2: [16, 56],
  Standard_D1_v2: [1, 3.5],
  Standard_D2_v2: [2, 7],
  Standard_D3_v2: [4, 14],
  Standard_D4_v2: [8, 28],
  Standard_D5_v2: [16, 56],
  Standard_F2s_v2: [2, 4],
  Standard_F4s_v2: [4, 8],
  Standard_F8s_v2: [8, 16],
  Standard_F16s_v2: [16, 32],
  Standard_F32s_v2: [32, 64],
  Standard_F48s_v2: [48, 96],
  Standard_F64s_v2: [64, 128],
  Standard_F72s_v2: [72, 144],
  Standard_E2s_v3: [2, 16],
  Standard_E4s_v3: [4, 32],
  Standard_E8s_v3: [8, 64],
  Standard_E16s_v3: [16, 128],
  Standard_E20s_v3: [20, 160],
  Standard_E32s_v3: [32, 256],
  Standard_E48s_v3: [48, 384],
  Standard_E64s_v3: [64, 432],
  Standard_NC6s_v3: [6, 112, 1],
  Standard_NC12s_v3: [12, 224, 2],
  Standard_NC24s_v3: [24, 448, 4],
  Standard_NC4as_T4_v3: [4, 28, 1],
  Standard_NC8as_T4_v3: [8, 56, 1],
  Standard_NC16as_T4_v3: [16, 110, 1],
  Standard_NC64as_T4_v3: [64, 440, 4],
  Standard_NC96ads_A100_v4: [96, 880, 4],
  Standard_NC48ads_A100_v4: [48, 440, 2],
  Standard_NC24ads_A100_v4: [24, 220, 1],
};

const BY_LOWER_CASE = new Map(Object.keys(SIZES).map((name) => [name.toLowerCase(), name]));

/** A slip of the seed documents for `Standard_F4s_v2`. */
const SLIP = /^standard_fs(\d+)_v2$/i;

export function resolveSku(instanceType: string, at: Place): Read<Sku> {
  const meant = instanceType.replace(SLIP, "Standard_F$1s_v2");
  const name = BY_LOWER_CASE.get(meant.toLowerCase());
  const [cpus, gib, gpus = 0] = (name === undefined ? undefined : SIZES[name]) ?? [];
  if (name === undefined || cpus === undefined || gib === undefined) {
    return { ok: false, problems: [unknownSku(instanceType, at)] };
  }
  const sku: Sku = { name, cpus, memoryBytes: gib * GIB, gpu: gpus > 0 };
  const problems: Problem[] = [];
  if (meant !== instanceType) {
    problems.push({
      code: "SPEC_OLD_SPELLING",
      severity: "warning",
      message: `${show(instanceType)} is no Azure size, taken as ${name} with ${cpus} CPUs and ${gib} GiB`,
      at,
      hint: `Write ${name}.`,
    });
  }
  if (sku.gpu) {
    problems.push({
      code: "SPEC_IGNORED",
      severity: "note",
      message: `the GPU of ${name} means nothing here: models run on CPUs`,
      at,
      hint: "Choose a size without a GPU, or keep it for Azure.",
    });
  }
  return { ok: true, value: sku, problems };
}

function unknownSku(instanceType: string, at: Place): Problem {
  const meant = nearest(instanceType, Object.keys(SIZES));
  return {
    code: "SPEC_UNKNOWN_SKU",
    severity: "error",
    message: `instance type ${show(instanceType)} is not in the table of Azure sizes`,
    at,
    hint:
      meant === undefined
        ? "Write `resources:` with cpu and memory instead, or a size such as Standard_F4s_v2."
        : `Write ${meant}, if that is what you mean.`,
  };
}
