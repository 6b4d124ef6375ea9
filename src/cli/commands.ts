/** Every command, in the order of the help text. */

import type { Command } from "./command.ts";
import { BASE } from "./commands/base.ts";
import { BATCH } from "./commands/batch.ts";
import { BUILD } from "./commands/build.ts";
import { DIFF } from "./commands/diff.ts";
import { INSPECT } from "./commands/inspect.ts";
import { MODEL } from "./commands/model.ts";
import { KEYS } from "./commands/keys.ts";
import { PLAN } from "./commands/plan.ts";
import { RUN } from "./commands/run.ts";
import { SCHEMA } from "./commands/schema.ts";
import { SCORE } from "./commands/score.ts";
import { SIMULATE } from "./commands/simulate.ts";
import { TOKEN } from "./commands/token.ts";
import { VALIDATE } from "./commands/validate.ts";
import { VERIFY } from "./commands/verify.ts";

export const COMMANDS: readonly Command[] = [
  VALIDATE,
  INSPECT,
  BUILD,
  PLAN,
  DIFF,
  BASE,
  RUN,
  SIMULATE,
  SCORE,
  BATCH,
  KEYS,
  TOKEN,
  MODEL,
  VERIFY,
  SCHEMA,
];
