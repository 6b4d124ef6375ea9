#!/usr/bin/env node
// A committed file with its own mode: a bin inside the build folder would lose it at the next build.
import { hearFirstSignal } from "../dist/src/cli/first-signal.js";

hearFirstSignal(process.argv.slice(2));
await import("../dist/src/cli/main.js");
