/** Somebody else's server: `NAME=URL@PID`, which speaks Open Inference Protocol or Azure ML. */

import { binaryBody, jsonBody } from "../load/body.ts";
import type { Server } from "./server.ts";

const FORM = /^(?<name>[^=]+)=(?<url>https?:\/\/.+)@(?<pid>\d+)$/u;

/**
 * A URL without a path means `/v2/models/{model}/infer`; `{model}` stands for the name of the case's
 * model (mul, tiny, mnist, ultraface, mlp). At `/score` only JSON is spoken.
 *
 * @throws Error where the text has another form
 */
export function parsePeer(text: string): Server {
  const { name, url, pid } = FORM.exec(text)?.groups ?? {};
  if (name === undefined || url === undefined || pid === undefined) {
    throw new Error(`--peer ${text} is not NAME=URL@PID`);
  }
  const bare = /^https?:\/\/[^/]+\/?$/u.test(url);
  const template = bare ? `${url.replace(/\/$/u, "")}/v2/models/{model}/infer` : url;
  const azure = new URL(template).pathname.endsWith("/score");
  return {
    name,
    pid: Number(pid),
    request: ({ encoding, model }) => {
      if (azure && encoding === "binary") return undefined;
      const body = encoding === "json" ? jsonBody(model) : binaryBody(model);
      return { url: template.replace("{model}", model.name), body };
    },
    stop: async () => undefined,
  };
}
