/** How is a module run on the simulated device? As a process or as a container: it is one of these. */

export type ModuleEnvironment = Readonly<Record<string, string>>;

export type RunningModule = {
  /** Without a chance to end in good order, as a power cut or the kernel does it. */
  readonly kill: () => void;
  /** In good order, and killed after the grace time of the engine. */
  readonly stop: () => Promise<void>;
  /** Resolves with how it ended. */
  readonly ended: Promise<string>;
};

/**
 * @param env what the edge daemon gives to a module
 * @param socket of the daemon, on this machine
 * @throws Error where it cannot be started
 */
export type StartModule = (env: ModuleEnvironment, socket: string) => Promise<RunningModule>;
