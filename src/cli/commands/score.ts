/** `edgewright score TARGET -d FILE`: one request to a running endpoint. */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { buffer } from "node:stream/consumers";

import { userError } from "../../core/problem.ts";
import type { Problem } from "../../core/problem.ts";
import { readCredentials } from "../../credentials/credential-file.ts";
import { UsageError } from "../command.ts";
import type { Command, Invocation } from "../command.ts";
import { credentialFileOf, endpointOfSpec, tokenFor } from "../given/credentials.ts";

/** Where `run` listens unless told otherwise. */
const LOCAL_URL = "http://127.0.0.1:5001";
const TOKEN_SECONDS = 300;

export const SCORE: Command = {
  name: "score",
  usage: "TARGET -d FILE|-",
  summary: "one request to a running endpoint: TARGET is its URL, or a SPEC for port 5001 here",
  options: {
    data: { type: "string", short: "d", value: "FILE", summary: "the request body, - for stdin" },
    deployment: {
      type: "string",
      value: "NAME",
      summary: "a deployment by name, past the traffic rules",
    },
    key: { type: "string", value: "KEY", summary: "a key of the endpoint; a SPEC's own otherwise" },
    token: { type: "string", value: "TOKEN", summary: "the same with a token" },
    "content-type": {
      type: "string",
      value: "TYPE",
      summary: "of the body; application/json otherwise",
    },
  },
  run: async (invocation) => {
    const [target] = invocation.args;
    const { data, deployment, "content-type": contentType } = invocation.options;
    if (target === undefined || invocation.args.length > 1)
      throw new UsageError("score takes one target");
    if (typeof data !== "string") throw new UsageError("score needs -d FILE, or -d - for stdin");
    const to = await targetOf(target, invocation);
    if (to.url === undefined) return { problems: to.problems };
    const { url, credential } = to;
    const body = await readBody(data, invocation);
    const start = performance.now();
    const response = await send(url, body, {
      "content-type": typeof contentType === "string" ? contentType : "application/json",
      ...(credential !== undefined && { authorization: `Bearer ${credential}` }),
      ...(typeof deployment === "string" && { "azureml-model-deployment": deployment }),
    });
    const answer = await response.text();
    const ms = performance.now() - start;
    const by = response.headers.get("azureml-model-deployment");
    invocation.progress(`${response.status} from ${by ?? url} in ${ms.toFixed(1)} ms`);
    const problems = [...to.problems, ...refusal(response, url, answer)];
    const json = {
      status: response.status,
      deployment: by,
      ms,
      requestId: response.headers.get("x-request-id"),
      answer: parseAnswer(answer),
    };
    return { problems, json, ...(response.ok && { text: answer }) };
  },
};

type Target = {
  /** Absent where the target is a spec with errors. */
  readonly url?: string;
  readonly credential?: string;
  readonly problems: readonly Problem[];
};

/** A URL without a path means its `/score`; a spec means this machine, and its own credentials. */
async function targetOf(target: string, invocation: Invocation): Promise<Target> {
  const { key, token } = invocation.options;
  if (key !== undefined && token !== undefined)
    throw new UsageError("score takes --key or --token, not both");
  const given = key ?? token;
  const credential = typeof given === "string" ? { credential: given } : {};
  if (/^https?:\/\//.test(target)) {
    if (!URL.canParse(target)) throw new UsageError(`'${target}' is not a URL`);
    const url = new URL(target);
    if (url.pathname === "/") url.pathname = "/score";
    return { url: url.href, ...credential, problems: [] };
  }
  const read = await endpointOfSpec([target], invocation);
  if (!read.ok) return { problems: read.problems };
  const url = `${LOCAL_URL}/score`;
  if (given !== undefined) return { url, ...credential, problems: [] };
  const { name, authMode } = read.value;
  const kept = await readCredentials(credentialFileOf(invocation, name));
  if (kept === undefined || authMode === "none") return { url, problems: [] };
  const { credentials } = kept;
  return {
    url,
    credential:
      authMode === "key"
        ? credentials.primaryKey
        : tokenFor(name, credentials, TOKEN_SECONDS).accessToken,
    problems: kept.problems,
  };
}

function refusal({ ok, status }: Response, url: string, answer: string): readonly Problem[] {
  if (ok) return [];
  const message = `${url} answers ${status}: ${answer.slice(0, 500)}`;
  const hint =
    status === 401
      ? { hint: "Give --key or --token, from edgewright keys or edgewright token." }
      : {};
  return [{ code: "CLI_TARGET", severity: "error", message, ...hint }];
}

async function readBody(data: string, { cwd }: Invocation): Promise<Uint8Array> {
  if (data === "-") return buffer(process.stdin);
  const file = resolve(cwd, data);
  try {
    return await readFile(file);
  } catch (error) {
    throw userError(
      "CLI_TARGET",
      `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      {
        hint: "Give the file with the request body, or - for stdin.",
      },
    );
  }
}

async function send(
  url: string,
  body: Uint8Array,
  headers: Record<string, string>,
): Promise<Response> {
  try {
    return await fetch(url, { method: "POST", body: new Uint8Array(body), headers });
  } catch (error) {
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    throw userError(
      "CLI_TARGET",
      `${url} cannot be reached: ${cause?.code ?? (error as Error).message}`,
      {
        hint: "Start it with edgewright run SPEC, or give the URL that run printed.",
      },
    );
  }
}

function parseAnswer(answer: string): unknown {
  try {
    return JSON.parse(answer) as unknown;
  } catch {
    return answer;
  }
}
