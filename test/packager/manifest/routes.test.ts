import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { moduleRoutes } from "../../../src/packager/manifest/routes.ts";
import { moduleOf } from "../support/endpoints.ts";

suite("moduleRoutes", () => {
  test("answers and faults go to the cloud", () => {
    assert.deepEqual(moduleRoutes(moduleOf()), {
      "pump-monitorToIoTHub":
        "FROM /messages/modules/pump-monitor/outputs/amlOutput INTO $upstream",
      "pump-monitor_amlError_ToIoTHub":
        "FROM /messages/modules/pump-monitor/outputs/amlError INTO $upstream",
    });
  });

  test("the spec adds routes, and replaces one of ours by its name", () => {
    const routes = moduleRoutes(
      moduleOf({
        routes: {
          "pump-monitorToIoTHub": "FROM /* INTO $upstream",
          raw: "FROM /raw INTO $upstream",
        },
      }),
    );
    assert.equal(routes["pump-monitorToIoTHub"], "FROM /* INTO $upstream");
    assert.equal(Object.keys(routes).length, 3);
  });

  test("each named output has its route, and an error output named as output only one", () => {
    const routes = moduleRoutes(moduleOf({ outputs: ["scores", "alarms", "amlError"] }));
    assert.deepEqual(Object.keys(routes), [
      "pump-monitorToIoTHub",
      "pump-monitor_alarms_ToIoTHub",
      "pump-monitor_amlError_ToIoTHub",
    ]);
  });
});
