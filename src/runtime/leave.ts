/** How a process that serves comes to its end. */

import type { Running } from "./serve.ts";

/** On the first of several requests for it. */
export function createLeave(running: Pick<Running, "stop">): () => void {
  let leaving = false;
  return () => {
    if (leaving) return;
    leaving = true;
    void running.stop().then((clean) => {
      // An orderly exit would wait for the thread, and then fall over what it gives back.
      if (!clean) process.kill(process.pid, "SIGKILL");
      process.exit(0);
    });
  };
}
