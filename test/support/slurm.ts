/** A real Slurm of two nodes on this machine, with folders, ports and a key of its own. */

import { execFile, execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";

import { tempFolder } from "./temp-folder.ts";

const NODES = ["n1", "n2"] as const;
export type NodeName = (typeof NODES)[number];

const PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol"];
const PLACES = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Why no Slurm can be started here, if so. */
export function withoutSlurm(): string | false {
  if (process.getuid?.() !== 0) return "Slurm's daemons need root here";
  const absent = PROGRAMS.find((name) => !PLACES.some((place) => existsSync(join(place, name))));
  return absent === undefined ? false : `${absent} is not on this machine`;
}

export type Task = {
  /** Not a number for those that were never started, which are one task here. */
  readonly index: number;
  /** As Slurm calls it: PENDING, RUNNING, COMPLETED, … */
  readonly state: string;
  readonly node: string;
  readonly restarts: number;
};

export type Slurm = {
  /** Gives the id of the array job. */
  readonly submit: (script: string, env?: Readonly<Record<string, string>>) => Promise<string>;
  readonly tasks: (job: string) => Promise<readonly Task[]>;
  /** Waits until it holds. */
  readonly until: (job: string, holds: (tasks: readonly Task[]) => boolean) => Promise<void>;
  /** Its daemon, and with `all` what it runs too. */
  readonly killNode: (node: NodeName, what: "daemon" | "all") => void;
  /** Nodes that a task of an array works on right now, whatever Slurm knows of it. */
  readonly nodesOf: (index: number) => ReadonlySet<string>;
  /** Starts what was lost now, without Slurm's pause. */
  readonly startNow: (job: string) => Promise<void>;
};

type Identity = { readonly uid?: number; readonly gid?: number };
type Start = (program: string, args: readonly string[], identity?: Identity) => ChildProcess;

/** Of a node that is not heard of; Slurm's own is 300 s. */
const LOST_AFTER_S = 10;
const PATIENCE_MS = 180_000;

/** @param spare whether the second node has room for a task more */
export async function startSlurm(
  test: TestContext,
  { spare = false }: { readonly spare?: boolean } = {},
): Promise<Slurm> {
  const folder = tempFolder(test);
  const file = join(folder, "slurm.conf");
  const socket = join(folder, "munge", "socket");
  const [controller, ...nodePorts] = await freePorts(1 + NODES.length);
  const host = hostname().split(".")[0] ?? "localhost";
  for (const place of ["state", "spool", "logs"]) mkdirSync(join(folder, place));
  const lines = {
    ClusterName: "edgewright",
    SlurmctldHost: `${host}(127.0.0.1)`,
    SlurmctldPort: String(controller),
    SlurmctldPidFile: join(folder, "slurmctld.pid"),
    AuthType: "auth/munge",
    AuthInfo: `socket=${socket}`,
    SlurmUser: "root",
    SlurmdUser: "root",
    StateSaveLocation: join(folder, "state"),
    SlurmdSpoolDir: join(folder, "spool", "%n"),
    SlurmdPidFile: join(folder, "slurmd-%n.pid"),
    SlurmdLogFile: join(folder, "logs", "slurmd-%n.log"),
    SlurmctldLogFile: join(folder, "logs", "slurmctld.log"),
    ProctrackType: "proctrack/linuxproc",
    TaskPlugin: "task/none",
    SelectType: "select/cons_tres",
    SelectTypeParameters: "CR_Core",
    MpiDefault: "none",
    ReturnToService: "2",
    SlurmdTimeout: String(LOST_AFTER_S),
  };
  const nodes = NODES.map(
    (name, index) =>
      `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${nodePorts[index]} CPUs=${spare ? index + 1 : 1} Weight=${index + 1}`,
  );
  const partition = "PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP";
  const settings = Object.entries(lines).map(([key, value]) => `${key}=${value}`);
  writeFileSync(file, `${[...settings, ...nodes, partition].join("\n")}\n`);

  const env = { ...process.env, SLURM_CONF: file };
  const daemons: ChildProcess[] = [];
  const start: Start = (program, args, identity = {}) => {
    const child = spawn(program, args, { env, stdio: "ignore", cwd: folder, ...identity });
    daemons.push(child);
    return child;
  };
  test.after(async () => {
    killAll(folder);
    for (const child of daemons) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });
  startMunge(folder, socket, start);
  await patiently(() => Promise.resolve(existsSync(socket)), "munge listens");
  start("slurmctld", ["-D", "-f", file]);
  const nodeDaemons = new Map(
    NODES.map((name) => [name, start("slurmd", ["-D", "-N", name, "-f", file])]),
  );

  const call = async (program: string, ...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)(program, args, { env, cwd: folder })).stdout;
  await patiently(async () => {
    const idle = await call("sinfo", "--noheader", "--Node", "--format=%N %t").catch(() => "");
    return NODES.every((name) => idle.includes(`${name} idle`));
  }, "both nodes are idle");

  const tasks = async (job: string): Promise<readonly Task[]> => {
    const text = await call("scontrol", "show", "job", "--oneliner", job);
    return text.split("\n").filter(Boolean).map(parseTask);
  };
  return {
    submit: async (script, more = {}) => {
      const { stdout } = await promisify(execFile)("sbatch", ["--parsable", script], {
        env: { ...env, ...more },
        cwd: folder,
      });
      return stdout.trim();
    },
    tasks,
    until: (job, holds) =>
      patiently(async () => holds(await tasks(job)), `job ${job} is as it is waited for`),
    killNode: (node, what) => {
      nodeDaemons.get(node)?.kill("SIGKILL");
      if (what === "all") killAll(folder, node);
    },
    nodesOf: (index) => workingNodes(folder, index),
    startNow: async (job) => {
      for (const { index, state, restarts } of await tasks(job)) {
        if (state !== "PENDING" || restarts === 0) continue;
        await call("scontrol", "update", `JobId=${job}_${index}`, "StartTime=now");
      }
    },
  };
}

/** Refuses to run as anybody but the owner of its key and folder. */
function startMunge(folder: string, socket: string, start: Start): void {
  const place = join(folder, "munge");
  mkdirSync(place);
  chmodSync(folder, 0o711);
  const id = (flag: string): number =>
    Number(execFileSync("id", [flag, "munge"], { encoding: "utf8" }));
  const identity = { uid: id("-u"), gid: id("-g") };
  writeFileSync(join(place, "key"), randomBytes(1024), { mode: 0o400 });
  for (const path of [place, join(place, "key")]) chownSync(path, identity.uid, identity.gid);
  const files = Object.entries({
    "key-file": join(place, "key"),
    socket,
    "pid-file": join(place, "pid"),
    "log-file": join(place, "log"),
    "seed-file": join(place, "seed"),
  }).map(([name, path]) => `--${name}=${path}`);
  start("munged", ["-F", "--force", ...files], identity);
}

function parseTask(line: string): Task {
  const field = (name: string): string =>
    new RegExp(`(?:^| )${name}=(\\S*)`, "u").exec(line)?.[1] ?? "";
  return {
    index: Number(field("ArrayTaskId")),
    state: field("JobState"),
    node: field("NodeList"),
    restarts: Number(field("Restarts")),
  };
}

function workingNodes(folder: string, index: number): ReadonlySet<string> {
  const marks = [configuredBy(folder), `SLURM_ARRAY_TASK_ID=${index}\0`];
  const nodes = processes()
    .filter(({ command }) => command.includes("edgewright.js\0batch\0"))
    .filter(({ environment }) => marks.every((mark) => environment.includes(mark)))
    .map(({ environment }) => /SLURMD_NODENAME=([^\0]+)/u.exec(environment)?.[1] ?? "");
  return new Set(nodes);
}

function configuredBy(folder: string): string {
  return `SLURM_CONF=${join(folder, "slurm.conf")}\0`;
}

/** Everything that belongs to this Slurm; of one node its tasks, and the step daemons above them. */
function killAll(folder: string, node?: NodeName): void {
  const configured = configuredBy(folder);
  const mine = processes().filter(({ environment }) => environment.includes(configured));
  const chosen =
    node === undefined
      ? mine
      : mine.filter(({ environment }) => environment.includes(`SLURMD_NODENAME=${node}\0`));
  const parents = mine.filter(
    ({ pid, command }) =>
      command.startsWith("slurmstepd") && chosen.some(({ parent }) => parent === pid),
  );
  // The daemon first: it would report how its task ended.
  for (const { pid } of [...parents, ...chosen]) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}

type Process = {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly environment: string;
};

function processes(): readonly Process[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/u.test(name)) return [];
    try {
      const read = (file: string): string => readFileSync(`/proc/${name}/${file}`, "latin1");
      const parent = Number(/^PPid:\s+(\d+)/mu.exec(read("status"))?.[1]);
      return [
        { pid: Number(name), parent, command: read("cmdline"), environment: read("environ") },
      ];
    } catch {
      return [];
    }
  });
}

async function patiently(holds: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await wait(200);
  }
}

/** All at once, so that they differ. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
}
