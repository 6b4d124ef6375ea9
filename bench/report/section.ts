/** One section of a page that several benches write to: each replaces its own and keeps the others'. */

export const BATCH_SECTION = "Batch jobs";

/** From its heading to the next one of the same kind. */
function placeOf(page: string, title: string): { readonly start: number; readonly end: number } {
  const heading = `## ${title}\n`;
  const start = page.startsWith(heading) ? 0 : page.indexOf(`\n${heading}`) + 1;
  if (start === 0 && !page.startsWith(heading)) return { start: page.length, end: page.length };
  const next = page.indexOf("\n## ", start);
  return { start, end: next < 0 ? page.length : next + 1 };
}

/** With its heading; empty where the page has none. */
export function sectionOf(page: string, title: string): string {
  const { start, end } = placeOf(page, title);
  return page.slice(start, end);
}

/** The page with this section in the place of the one it had, or at its end. */
export function withSection(page: string, title: string, text: string): string {
  const { start, end } = placeOf(page, title);
  const parts = [page.slice(0, start), `## ${title}\n\n${text}`, page.slice(end)];
  return `${parts
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .join("\n\n")}\n`;
}
