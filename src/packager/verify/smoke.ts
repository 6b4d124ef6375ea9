/** Does the image of this machine's platform answer as it did when it was built? Tried in a container. */

import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { UserError } from "../../core/problem.ts";
import type { Problem } from "../../core/problem.ts";
import { isSample } from "../../core/tensors/recorded-sample.ts";
import { sampleFeeds } from "../../core/tensors/sample.ts";
import type { Signature } from "../../core/tensors/signature.ts";
import { DTYPES } from "../../core/tensors/tensor.ts";
import { scoredDeployments } from "../../spec/resolved.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../../spec/resolved.ts";
import type { Container, ContainerOptions, Engine } from "../engine/engine.ts";

export type SmokeResult = {
  /** Deployments that answered as recorded. */
  readonly scored: readonly string[];
  readonly problems: readonly Problem[];
};

const PORT = "5001/tcp";
const READY_MS = 30_000;
const SCORE_MS = 30_000;

export type SmokeOptions = {
  /** With the samples that the build recorded. */
  readonly endpoint: ResolvedEndpoint;
  /** Ends the container and the try. */
  readonly signal?: AbortSignal | undefined;
};

/** @param image as the engine knows it */
export async function smokeScore(
  engine: Engine,
  image: string,
  { endpoint, signal }: SmokeOptions,
): Promise<SmokeResult> {
  const key = randomUUID();
  const port = await freePort();
  let last = "";
  const onLine = (line: string): void => {
    last = line;
  };
  let container: Container;
  try {
    container = await engine.run(optionsOf(image, { key, port, onLine }));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { scored: [], problems: [smokeFault(`it does not start: ${error.message}`)] };
  }
  const url = `http://127.0.0.1:${port}`;
  signal?.addEventListener("abort", container.kill);
  try {
    signal?.throwIfAborted();
    if (!(await isReady(url, container)))
      return { scored: [], problems: [smokeFault(`it does not get ready: ${last}`)] };
    const scored: string[] = [];
    const problems: Problem[] = [];
    for (const deployment of scoredDeployments(endpoint)) {
      const fault = await scoreOne(url, deployment, key).catch(
        (error: unknown) => `does not answer its sample: ${(error as Error).message}`,
      );
      if (fault === undefined) scored.push(deployment.name);
      else if (fault !== "") problems.push(smokeFault(`${deployment.name} ${fault}`));
    }
    return { scored, problems };
  } finally {
    signal?.removeEventListener("abort", container.kill);
    container.kill();
    await container.ended;
  }
}

type Tried = Pick<ContainerOptions, "onLine"> & { readonly key: string; readonly port: number };

function optionsOf(image: string, { key, port, onLine }: Tried): ContainerOptions {
  return {
    image,
    name: `edgewright-verify-${randomUUID().slice(0, 8)}`,
    env: [`EDGEWRIGHT_KEY_HASHES=${createHash("sha256").update(key).digest("hex")}`],
    createOptions: {
      ExposedPorts: { [PORT]: {} },
      HostConfig: {
        ReadonlyRootfs: true,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        Tmpfs: { "/tmp": "" },
        PortBindings: { [PORT]: [{ HostIp: "127.0.0.1", HostPort: String(port) }] },
      },
    },
    labels: {},
    onLine,
  };
}

/** `undefined` where it answers as recorded, empty where nothing is recorded. */
async function scoreOne(
  url: string,
  { name, model }: ResolvedDeployment,
  key: string,
): Promise<string | undefined> {
  if (model?.signature === undefined || model.sample === undefined) return "";
  const response = await fetch(`${url}/score`, {
    method: "POST",
    signal: AbortSignal.timeout(SCORE_MS),
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${key}`,
      "azureml-model-deployment": name,
    },
    body: JSON.stringify({ inputs: inputsOf(model.signature) }),
  });
  const text = await response.text();
  if (response.status !== 200)
    return `answers ${response.status} to its sample: ${text.slice(0, 200)}`;
  const { outputs } = JSON.parse(text) as {
    outputs: readonly { readonly name: string; readonly data: readonly unknown[] }[];
  };
  const wrong = model.sample.find((sample) => {
    const found = outputs.find((output) => output.name === sample.name)?.data ?? [];
    // Maps are answered as objects: their numbers were never the tensor's.
    return typeof found[0] !== "object" && !isSample(sample, found);
  });
  return wrong === undefined ? undefined : `answers its sample with another '${wrong.name}'`;
}

function inputsOf(signature: Signature): readonly unknown[] {
  const [, feeds = {}] = sampleFeeds(signature);
  return Object.entries(feeds).map(([name, { type, dims, data }]) => ({
    name,
    shape: dims,
    datatype: DTYPES[type].oip,
    data: Array.from(data as readonly (number | bigint | string)[], (value) =>
      typeof value === "bigint" ? Number(value) : value,
    ),
  }));
}

async function isReady(url: string, { ended }: Container): Promise<boolean> {
  const gone = ended.then(() => "ended");
  const end = performance.now() + READY_MS;
  while (performance.now() < end) {
    // A connection that the engine takes before the module listens is never answered.
    const signal = AbortSignal.timeout(1000);
    const tried = fetch(`${url}/health/ready`, { signal }).then(
      ({ status }) => status,
      () => 0,
    );
    const answer = await Promise.race([tried, gone]);
    if (answer === "ended") return false;
    if (answer === 200) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

export function smokeFault(fault: string): Problem {
  return {
    code: "IMAGE_UNFIT",
    severity: "error",
    message: `In a container of this machine ${fault}.`,
    hint: "Run it with docker run and read its log.",
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
