/** Which steps does a scenario file hold? Every fault with its place. */

import type { Place, Problem, Read } from "../../core/problem.ts";
import { parseSpecText } from "../../spec/text/source.ts";
import { nearest } from "../../spec/text/suggest.ts";
import { entryOf, toData } from "../../spec/text/tree.ts";
import type { Node } from "../../spec/text/tree.ts";
import { placedIssue } from "../placed-issue.ts";
import type { Issue } from "../placed-issue.ts";
import { readRoutes } from "../routes/route-table.ts";
import { checkSteps } from "./check.ts";
import type { PlacedStep } from "./check.ts";
import { SCENARIO, STEPS } from "./schema.ts";
import type { ScenarioHead, Step, Verb } from "./schema.ts";

export type Scenario = ScenarioHead & { readonly steps: readonly PlacedStep[] };

export function parseScenario(text: string, file: string): Read<Scenario> {
  const read = parseSpecText(text, file);
  if (!read.ok) return read;
  const [node] = read.value;
  if (node === undefined) throw new Error("a text that was read holds a document");
  const problems: Problem[] = [];
  const parsed = SCENARIO.safeParse(toData(node));
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.push(problemOf(issue, node, []));
    return { ok: false, problems };
  }
  const stepsNode = entryOf(node, "steps")?.node;
  const steps = (stepsNode?.kind === "list" ? stepsNode.items : []).flatMap((item) => {
    const step = readStep(item, problems);
    return step === undefined ? [] : [{ step, at: item.at }];
  });
  problems.push(...routeProblems(parsed.data, node), ...checkSteps(steps));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: { ...parsed.data, steps }, problems };
}

/** One by one, each at its place. */
function routeProblems({ routes = {} }: ScenarioHead, node: Node): readonly Problem[] {
  const at = entryOf(node, "routes")?.node;
  return Object.entries(routes).flatMap(([name, route]) =>
    readRoutes({ [name]: route }).problems.map((problem) => ({
      ...problem,
      at: entryOf(at, name)?.node.at ?? node.at,
    })),
  );
}

function readStep(node: Node, problems: Problem[]): Step | undefined {
  const entries = node.kind === "map" ? node.entries : [];
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) {
    problems.push(fault(node.at, `a step holds ${entries.length} verbs, must hold one`));
    return undefined;
  }
  if (!Object.hasOwn(STEPS, entry.key)) {
    const verbs = Object.keys(STEPS);
    const meant = nearest(entry.key, verbs);
    const hint = meant === undefined ? `Use one of ${verbs.join(", ")}.` : `Did you mean ${meant}?`;
    problems.push({ ...fault(entry.at, `'${entry.key}' is no verb of a step`), hint });
    return undefined;
  }
  const verb = entry.key as Verb;
  const parsed = STEPS[verb].safeParse(toData(entry.node));
  if (parsed.success) return { verb, value: parsed.data } as Step;
  for (const issue of parsed.error.issues) problems.push(problemOf(issue, entry.node, [verb]));
  return undefined;
}

function problemOf(issue: Issue, root: Node, before: readonly string[]): Problem {
  return placedIssue(issue, root, {
    code: "SIM_SCENARIO",
    hint: HINT,
    whole: "a scenario",
    before,
  });
}

const HINT = "Look at docs/scenario.schema.json, or at edgewright schema --scenario.";

function fault(at: Place, message: string): Problem {
  return { code: "SIM_SCENARIO", severity: "error", message, at, hint: HINT };
}
