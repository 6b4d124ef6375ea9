/** A process with one model: what happens to it happens to no other deployment. */

import { hostEngine } from "./host.ts";
import type { HostCall, HostOptions } from "./host.ts";

// The runtime's end, however it came, ends this process too.
process.once("disconnect", () => process.exit(0));
// A signal to the whole group is the runtime's to handle: what runs here is still answered.
process.on("SIGTERM", () => undefined);
process.on("SIGINT", () => undefined);
process.on("SIGHUP", () => undefined);

process.once("message", (options: HostOptions) => {
  void hostEngine(
    {
      send: (message) => process.send?.(message),
      onCall: (take) => process.on("message", (call: HostCall) => take(call)),
    },
    options,
  );
});
