import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { renderPlain, renderScreen, watchDevice } from "../../../src/cli/simulation/device-view.ts";
import { jsonMessage, testDevice } from "../../support/device.ts";

suite("the view of a device", () => {
  test("modules, rates, shares and the last messages", async (context) => {
    const { device } = await testDevice(context, { names: ["m", "other"] });
    let now = 0;
    const look = watchDevice(device, () => now);
    for (let number = 0; number < 10; number += 1) {
      const deployment = number < 7 ? "blue" : "green";
      const properties = { "azureml-model-deployment": deployment };
      device.hub.sendFromDevice(jsonMessage({ y: number }, `id-${number}`, properties));
    }
    device.hub.sendToInput("m", "in", jsonMessage({}, "1"));
    now = 2_000;
    const state = look();
    assert.deepEqual(state.shares, { blue: 70, green: 30 });
    assert.equal(state.arrivedPerSecond, 5);
    const screen = renderScreen(state);
    assert.match(screen, /^m +away +1 +0$/m);
    assert.match(screen, /5\.0\/s to the cloud, 10 so far/);
    assert.match(screen, /id-9 {2}\{"y":9\}/);
    assert.doesNotMatch(screen, /id-4/);
    assert.match(
      renderPlain(state),
      /^m away 1 waiting; other away 0 waiting; .*blue 70 %, green 30 %$/,
    );
    now = 3_000;
    assert.equal(look().arrivedPerSecond, 0);
  });
});
