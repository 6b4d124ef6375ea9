#!/usr/bin/env node
// A committed file with its own mode: a bin inside the build folder would lose it at the next build.
import "../dist/src/cli/main.js";
