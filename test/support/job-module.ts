/** The module of a batch endpoint, as an image starts it, and jobs that it is asked for over HTTP. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import type { ResolvedBatch } from "../../src/spec/resolved.ts";
import { REPOSITORY } from "./repository.ts";
import { resolvedDeployment, resolvedEndpoint } from "./resolved.ts";
import { tempFolder } from "./temp-folder.ts";

export type Told = {
  readonly id: string;
  readonly status: string;
  readonly output: string;
  readonly position?: number;
  readonly result?: string;
  readonly progress?: Readonly<
    Record<"files" | "total" | "succeeded" | "failed" | "rows" | "starts", number>
  >;
  readonly error?: { readonly code: string; readonly message: string };
};

export type JobAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Told & { readonly jobs: readonly Told[] };
};

export type JobModule = {
  /** Holds `in/`, with the files. */
  readonly data: string;
  readonly ask: (method: string, path: string, body?: unknown) => Promise<JobAnswer>;
  /** Asks until the job is in one of these states. */
  readonly until: (id: string, ...states: readonly string[]) => Promise<Told>;
  /** Of the processes that run jobs. */
  readonly jobPids: () => readonly number[];
  readonly pid: () => number;
  /** Sends the signal and waits for the end. Gives the exit code. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
  readonly start: () => Promise<void>;
};

export type JobModuleOptions = {
  readonly script: string;
  readonly files: Readonly<Record<string, string>>;
  readonly batch?: Partial<ResolvedBatch>;
  readonly authMode?: "none" | "key";
  readonly env?: Readonly<Record<string, string>>;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
};

const BATCH: ResolvedBatch = {
  nodeCount: 1,
  miniBatchSize: 5,
  maxConcurrencyPerInstance: 1,
  outputAction: "append_row",
  outputFileName: "rows.txt",
  maxRetries: 3,
  timeoutSeconds: 30,
  errorThreshold: -1,
  loggingLevel: "info",
};

export async function jobModule(t: TestContext, options: JobModuleOptions): Promise<JobModule> {
  let child: ChildProcess | undefined;
  // Before the folder goes: hooks run in the order in which they were given.
  t.after(async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  });
  const { data, file } = jobWorkspace(t, options);
  let url = "";
  const start = async (): Promise<void> => {
    const env = {
      PATH: process.env["PATH"],
      EDGEWRIGHT_ENDPOINT: file,
      EDGEWRIGHT_PORT: "0",
      EDGEWRIGHT_VOLUME: data,
      ...options.env,
    };
    const started = spawn(process.execPath, [`${REPOSITORY}dist/src/runtime/main.js`], {
      env,
      stdio: ["ignore", "inherit", "pipe"],
    });
    child = started;
    const lines = createInterface(started.stderr);
    url = await new Promise<string>((resolve, reject) => {
      lines.on("line", (line) => {
        const found = /"url":"(?<url>[^"]+)"/.exec(line)?.groups?.["url"];
        if (found !== undefined) resolve(found);
      });
      started.once("exit", () => reject(new Error("the module ended before it was ready")));
    });
  };
  await start();
  const ask: JobModule["ask"] = async (method, path, body) => {
    const response = await fetch(url + path, {
      method,
      headers: { "content-type": "application/json", ...options.headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get("content-type") === "application/json";
    const { status, headers } = response;
    return { status, headers, text, body: (json ? JSON.parse(text) : {}) as JobAnswer["body"] };
  };
  return {
    data,
    ask,
    until: async (id, ...states) => {
      for (;;) {
        const { body } = await ask("GET", `/jobs/${id}`);
        if (states.includes(body.status)) return body;
        await wait(50);
      }
    },
    pid: () => child?.pid ?? 0,
    jobPids: () => childrenOf(child?.pid ?? 0),
    end: async (signal) => {
      if (child === undefined) throw new Error("the module was not started");
      const exit = once(child, "exit") as Promise<[number | null]>;
      child.kill(signal);
      return (await exit)[0];
    },
    start,
  };
}

/** The endpoint as an image has it, and its data folder. */
export function jobWorkspace(
  t: TestContext,
  options: JobModuleOptions,
): { readonly data: string; readonly file: string } {
  const folder = tempFolder(t, { "code/score.py": options.script });
  const data = join(folder, "data");
  mkdirSync(join(data, "in"), { recursive: true });
  for (const [name, content] of Object.entries(options.files)) {
    writeFileSync(join(data, "in", name), content);
  }
  const script = { directory: join(folder, "code"), path: join(folder, "code/score.py") };
  const batch = { ...BATCH, ...options.batch };
  const endpoint = resolvedEndpoint("numbers", [resolvedDeployment("blue", { script, batch })]);
  const file = join(folder, "endpoint.json");
  const authMode = options.authMode ?? "none";
  const document = { ...endpoint, kind: "batch", defaultDeployment: "blue", authMode };
  writeFileSync(file, JSON.stringify(document));
  return { data, file };
}

function childrenOf(parent: number): readonly number[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      const [state, owner] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(owner) === parent && state !== "Z" ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
