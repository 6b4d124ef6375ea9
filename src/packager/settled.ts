/** How do tasks that run side by side end? Together: nothing goes on behind an error. */

import { UserError } from "../core/problem.ts";

/** All results, or every different problem at once; a fault that is not the user's goes first. */
export async function settled<T>(tasks: readonly Promise<T>[]): Promise<readonly T[]> {
  const results = await Promise.allSettled(tasks);
  const faults = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason as unknown] : [],
  );
  const other = faults.find((fault) => !(fault instanceof UserError));
  if (other !== undefined) throw other;
  const problems = faults.flatMap((fault) => (fault as UserError).problems);
  const different = new Map(problems.map((problem) => [problem.message, problem]));
  if (different.size > 0) throw new UserError([...different.values()]);
  return results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}
