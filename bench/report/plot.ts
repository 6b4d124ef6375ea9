/** How do ratios become a picture: bars against the line at 1, as an SVG file? */

export type Bar = { readonly label: string; readonly value: number };

export type Panel = { readonly title: string; readonly bars: readonly Bar[] };

const WIDTH = 760;
const LABEL_WIDTH = 250;
const NUMBER_WIDTH = 60;
const BAR = { height: 16, step: 22 } as const;
const TITLE_HEIGHT = 34;
const PANEL_GAP = 18;
const PLOT_WIDTH = WIDTH - LABEL_WIDTH - NUMBER_WIDTH;
const COLOURS = { better: "#2f7d5b", text: "#444444", line: "#999999", paper: "#ffffff" } as const;

/** Each panel has its own scale; its dashed line is the bare server. */
export function renderPlot(panels: readonly Panel[]): string {
  let y = PANEL_GAP;
  const parts: string[] = [];
  for (const panel of panels) {
    parts.push(...renderPanel(panel, y));
    y += TITLE_HEIGHT + panel.bars.length * BAR.step + PANEL_GAP;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${y}" fill="${COLOURS.paper}"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function renderPanel({ title, bars }: Panel, top: number): readonly string[] {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const x = (value: number): number => Math.round(LABEL_WIDTH + (value / most) * PLOT_WIDTH);
  const first = top + TITLE_HEIGHT;
  const rows = bars.flatMap(({ label, value }, index) => {
    const y = first + index * BAR.step;
    const base = y + BAR.height - 4;
    return [
      text({ x: LABEL_WIDTH - 8, y: base, anchor: "end" }, label),
      `<rect x="${LABEL_WIDTH}" y="${y}" width="${x(value) - LABEL_WIDTH}" height="${BAR.height}" fill="${COLOURS.better}"/>`,
      text({ x: x(value) + 6, y: base, anchor: "start" }, value.toFixed(2)),
    ];
  });
  const end = first + bars.length * BAR.step;
  return [
    text({ x: 8, y: top + 16, anchor: "start" }, title),
    ...rows,
    `<line x1="${x(1)}" y1="${first - 6}" x2="${x(1)}" y2="${end}" stroke="${COLOURS.line}" stroke-dasharray="4 3"/>`,
  ];
}

type TextPlace = { readonly x: number; readonly y: number; readonly anchor: "start" | "end" };

function text({ x, y, anchor }: TextPlace, content: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${COLOURS.text}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
