/** What the reference server is built on: the same echo under Flask and gunicorn's sync worker, as Debian packages both. */

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { Workplace } from "../workplace.ts";
import { freePort } from "./free-port.ts";
import type { ScriptedServer } from "./scripted.ts";

const PYTHON = "/usr/bin/python3";
const PATIENCE_MS = 10_000;
const POLL_MS = 50;

const APPLICATION = `from flask import Flask, Response, request

application = Flask(__name__)

@application.post("/score")
def score():
    return Response(request.get_data(), mimetype="application/json")
`;

export const NO_FLASK =
  "Flask and gunicorn are not there for /usr/bin/python3 (apt-get install python3-flask gunicorn)";

export function hasFlask(): boolean {
  return spawnSync(PYTHON, ["-c", "import flask, gunicorn"], { stdio: "ignore" }).status === 0;
}

export async function startFlask({ folder, processes }: Workplace): Promise<ScriptedServer> {
  writeFileSync(join(folder, "flask_echo.py"), APPLICATION);
  const port = await freePort();
  const bind = ["--bind", `127.0.0.1:${port}`, "--chdir", folder, "--log-level", "error"];
  const args = ["-m", "gunicorn", "--workers", "1", ...bind, "flask_echo:application"];
  const child = processes.start(PYTHON, args);
  const url = `http://127.0.0.1:${port}/score`;
  for (let waitedMs = 0; !(await answers(url)); waitedMs += POLL_MS) {
    if (child.exitCode !== null || waitedMs > PATIENCE_MS) {
      throw new Error("gunicorn did not come up");
    }
    await sleep(POLL_MS);
  }
  return { name: "flask", pid: child.pid ?? 0, url, stop: () => processes.end(child) };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { method: "POST", body: "x" });
    return (await response.text()) === "x";
  } catch {
    return false;
  }
}
