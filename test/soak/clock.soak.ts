/** A gateway's clock jumps, tokens end, the authority is renewed: the module is back by itself. */

import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import type { ModuleEnvironment } from "../../src/simulator/modules/module-runner.ts";
import { deviceWithRuntime } from "../support/runtime-module.ts";

const LIBRARY = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
].find(existsSync);

suite("time", () => {
  test(
    "the clock two days ahead and back, tokens that end at once, another authority",
    { skip: LIBRARY === undefined && "faketime is not installed here" },
    async (context) => {
      const faked = (folder: string): ModuleEnvironment => ({
        LD_PRELOAD: LIBRARY ?? "",
        FAKETIME_TIMESTAMP_FILE: join(folder, "clock"),
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      });
      const { device, folder, score } = await deviceWithRuntime(context, {
        env: faked,
        prepare: (home) => writeFileSync(join(home, "clock"), "+2d"),
      });
      const setClock = (text: string): void => writeFileSync(join(folder, "clock"), text);
      await score("ahead");

      setClock("+0d");
      await score("back");
      device.hub.cut();
      device.hub.restore();
      await score("back, connected anew");

      // To the hub the token ends ten seconds after it was made.
      setClock("-3590s");
      device.hub.cut();
      device.hub.restore();
      await score("with short tokens");
      await new Promise((resolve) => setTimeout(resolve, 15_000));
      await score("after the end of a token");

      // Nothing that it makes is valid now; it comes back when its clock does.
      setClock("-2d");
      device.hub.cut();
      device.hub.restore();
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      assert.deepEqual(device.hub.connectedModules(), []);
      setClock("+0d");
      await score("after a clock far behind");

      await device.renewAuthority();
      await score("with another authority");
    },
  );
});
