/**
 * A hub of the test's own, made with aedes: it says to a module what the test tells it to, also what
 * no real hub should say. The environment of this process is then that of the module.
 */

import { once } from "node:events";
import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { createServer } from "node:tls";

import { Aedes } from "aedes";
import type { AedesPublishPacket, Client } from "aedes";

import { loadCertificates } from "../../src/simulator/broker/certificates.ts";
import { serveWorkloadApi } from "../../src/simulator/broker/workload-api.ts";
import type { ModuleEnvironment } from "../../src/simulator/modules/module-runner.ts";
import { until } from "./device.ts";
import { tempFolder } from "./temp-folder.ts";

export type SmallHub = {
  readonly env: ModuleEnvironment;
  /** Everything that the module has published, oldest first. */
  readonly published: readonly { readonly topic: string; readonly body: string }[];
  /** Connections so far. */
  readonly connections: () => number;
  readonly say: (topic: string, body: string) => void;
  readonly input: (name: string, bag: string, body: string) => void;
  /** Resolves when the module has subscribed to a topic with this end. */
  readonly subscribed: (end: string) => Promise<void>;
};

/** What the hub says to a request for the twin; `undefined`: nothing. */
type TwinAnswer = { readonly status: number; readonly body: string };

export type SmallHubOptions = {
  readonly get?: () => TwinAnswer | undefined;
  readonly report?: () => TwinAnswer | undefined;
};

const EMPTY = '{"desired":{"$version":1},"reported":{"$version":1}}';

export async function smallHub(
  context: TestContext,
  {
    get = () => ({ status: 200, body: EMPTY }),
    report = () => ({ status: 204, body: "" }),
  }: SmallHubOptions = {},
): Promise<SmallHub> {
  const folder = tempFolder(context);
  const certificates = await loadCertificates({
    folder,
    hostNames: ["localhost"],
    addresses: ["127.0.0.1"],
    now: Date.now(),
  });
  const aedes = await Aedes.createBroker();
  const published: { topic: string; body: string }[] = [];
  const subscriptions: string[] = [];
  let client: Client | undefined;
  let connections = 0;
  let lastId = 0;
  const publish = (packet: Pick<AedesPublishPacket, "topic" | "payload" | "qos">): void => {
    lastId += 1;
    const ids = { messageId: lastId, dup: false, retain: false };
    client?.publish({ cmd: "publish", ...packet, ...ids }, () => undefined);
  };
  const say: SmallHub["say"] = (topic, body) =>
    publish({ topic, payload: Buffer.from(body), qos: 0 });
  aedes.on("clientReady", (ready) => {
    client = ready;
    connections += 1;
  });
  aedes.on("subscribe", (asked) => subscriptions.push(...asked.map(({ topic }) => topic)));
  aedes.on("publish", ({ topic, payload }, from) => {
    if (from === null) return;
    published.push({ topic, body: String(payload) });
    const rid = topic.split("$rid=")[1] ?? "";
    const answer = topic.startsWith("$iothub/twin/GET")
      ? get()
      : topic.startsWith("$iothub/twin/PATCH") && report();
    if (!answer) return;
    setImmediate(() => say(`$iothub/twin/res/${answer.status}/?$rid=${rid}`, answer.body));
  });
  const server = createServer(
    { key: certificates.key, cert: certificates.cert, noDelay: true },
    (socket) => aedes.handle(socket),
  );
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const socket = join(folder, "w.sock");
  const workload = await serveWorkloadApi({
    socket,
    module: "m",
    key: randomBytes(32),
    trustBundle: () => certificates.ca,
  });
  const env = {
    IOTEDGE_WORKLOADURI: `unix://${socket}`,
    IOTEDGE_AUTHSCHEME: "sasToken",
    IOTEDGE_DEVICEID: "d",
    IOTEDGE_MODULEID: "m",
    IOTEDGE_MODULEGENERATIONID: "1",
    IOTEDGE_IOTHUBHOSTNAME: "hub.azure-devices.net",
    IOTEDGE_GATEWAYHOSTNAME: `localhost:${(server.address() as AddressInfo).port}`,
  };
  Object.assign(process.env, env);
  context.after(async () => {
    for (const name of Object.keys(env)) delete process.env[name];
    await new Promise<void>((resolve) => aedes.close(resolve));
    server.close();
    await workload.close();
  });
  return {
    env,
    published,
    connections: () => connections,
    say,
    input: (name, bag, body) =>
      publish({
        topic: `devices/d/modules/m/inputs/${name}/${bag}`,
        payload: Buffer.from(body),
        qos: 1,
      }),
    subscribed: (end) =>
      until(() => subscriptions.some((topic) => topic.endsWith(end)), `a subscription to ${end}`),
  };
}
