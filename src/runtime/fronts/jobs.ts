/** Jobs over HTTP: asked for with POST, looked at with GET, cancelled, and their results read. */

import { createReadStream } from "node:fs";

import { ScoringError } from "../../core/problem.ts";
import type { ScoringResponse } from "../../core/scoring.ts";
import { faultResponse } from "../wire/fault.ts";
import { jsonPage } from "./pages.ts";

/** Who takes jobs and knows of them. Throws ScoringError for what it does not take or know. */
export type JobOffice = {
  readonly submit: (request: unknown) => { readonly id: string };
  /** Newest first. */
  readonly list: () => readonly object[];
  readonly view: (id: string) => object;
  readonly cancel: (id: string) => object;
  readonly result: (id: string) => JobFile;
};

type JobFile = { readonly path: string; readonly type: string; readonly bytes: number };

export type AskedOfJobs = {
  readonly method: string;
  /** `/jobs`, or what is below it. */
  readonly path: string;
  readonly body: () => Promise<Uint8Array>;
};

export type JobRoutes = (asked: AskedOfJobs) => Promise<ScoringResponse>;

/** A request is some paths and numbers. */
export const MOST_JOB_BYTES = 64 * 1024;

const JOB_PATH = /^\/jobs\/(?<id>[\w-]{1,100})(?:\/(?<part>result|cancel))?$/;

export function isJobPath(path: string): boolean {
  return path === "/jobs" || path.startsWith("/jobs/");
}

/** What an online endpoint has at these paths. */
export const NO_JOBS: JobRoutes = () => {
  const message = "this is an online endpoint: it scores at /score; jobs are for `type: batch`";
  return Promise.resolve(faultResponse("ROUTE_KIND", message));
};

export function createJobRoutes(office: JobOffice): JobRoutes {
  return async ({ method, path, body }) => {
    if (path === "/jobs") {
      return by(method, {
        GET: () => jsonPage({ jobs: office.list() }),
        POST: () => posted(office, body),
      });
    }
    const { id, part } = JOB_PATH.exec(path)?.groups ?? {};
    if (id === undefined) {
      return faultResponse("ROUTE_UNKNOWN", `there is nothing at ${path.slice(0, 200)}`);
    }
    const cancel = (): ScoringResponse => jsonPage(office.cancel(id), 202);
    if (part === "result") return by(method, { GET: () => file(office.result(id)) });
    if (part === "cancel") return by(method, { POST: cancel });
    return by(method, { GET: () => jsonPage(office.view(id)), DELETE: cancel });
  };
}

type Verbs = Readonly<Record<string, () => ScoringResponse | Promise<ScoringResponse>>>;

function by(method: string, verbs: Verbs): ScoringResponse | Promise<ScoringResponse> {
  const verb = Object.hasOwn(verbs, method) ? verbs[method] : undefined;
  if (verb !== undefined) return verb();
  const allow = Object.keys(verbs).join(", ");
  const message = `${method.slice(0, 20)} is not allowed here, allowed: ${allow}`;
  const fault = faultResponse("ROUTE_METHOD", message);
  return { ...fault, headers: { ...fault.headers, allow } };
}

async function posted(office: JobOffice, body: AskedOfJobs["body"]): Promise<ScoringResponse> {
  const job = office.submit(parsed(await body()));
  const page = jsonPage(job, 202);
  return { ...page, headers: { ...page.headers, location: `/jobs/${job.id}` } };
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString()) as unknown;
  } catch (error) {
    throw new ScoringError("INPUT_JSON", `the body is no JSON: ${(error as Error).message}`);
  }
}

/** Read as it is sent: a result may be larger than memory. */
function file({ path, type, bytes }: JobFile): ScoringResponse {
  if (bytes === 0)
    return { status: 200, headers: { "content-type": type }, body: new Uint8Array() };
  return {
    status: 200,
    headers: { "content-type": type, "content-length": String(bytes) },
    body: createReadStream(path, { end: bytes - 1 }),
  };
}
