/** Draws what a terminal shows as an SVG, from what a program wrote to it. */

interface Cell {
  text: string;
  /** The color's place among the sixteen of terminals; undefined is the usual one. */
  color: number | undefined;
  bold: boolean;
  faint: boolean;
}

const colors = [
  ...["#45475a", "#f38ba8", "#a6e3a1", "#f9e2af", "#89b4fa", "#f5c2e7", "#94e2d5", "#bac2de"],
  ...["#7f849c", "#f38ba8", "#a6e3a1", "#f9e2af", "#89b4fa", "#f5c2e7", "#94e2d5", "#ffffff"],
];
const [background, foreground, frame] = ["#1e1e2e", "#cdd6f4", "#45475a"];
const size = { width: 8.4, height: 19, margin: 16, font: 14 };

/**
 * The picture of a terminal in which a command was run.
 * @param written what the command wrote, with its colors and movements of the cursor
 * @param columns the width of the terminal
 */
export function terminalPicture(command: string, written: string, columns: number): string {
  const rows = screenOf(`\u001b[92m$\u001b[0m \u001b[1m${command}\u001b[0m\r\n${written}`, columns);
  const width = Math.ceil(columns * size.width + 2 * size.margin);
  const height = Math.ceil(rows.length * size.height + 2 * size.margin);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<style>text { font: ${size.font}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: ${foreground}; white-space: pre }</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${background}" stroke="${frame}"/>
${rows.map(drawRow).join("")}</svg>
`;
}

/** The rows that are shown in the end, without empty ones below. */
function screenOf(written: string, columns: number): Cell[][] {
  const rows: Cell[][] = [[]];
  let style: Omit<Cell, "text"> = plain;
  let column = 0;
  for (const [piece, parameters, action] of written.matchAll(/\u001b\[([\d;?]*)([A-Za-z])|[^]/gu)) {
    const row = rows.at(-1) ?? [];
    if (action === "m") style = styled(style, parameters ?? "");
    else if (action === "K") row.length = parameters === "2" ? 0 : column;
    else if (action !== undefined) throw new Error(`the terminal was sent ESC [ ${parameters}${action}`);
    else if (piece === "\r") column = 0;
    else if (piece === "\n") rows.push([]);
    else if (column === columns) {
      rows.push([{ text: piece, ...style }]);
      column = 1;
    } else {
      // What was erased is empty.
      while (row.length < column) row.push({ text: " ", ...plain });
      row[column++] = { text: piece, ...style };
    }
  }
  while (rows.at(-1)?.length === 0) rows.pop();
  return rows;
}

const plain = { color: undefined, bold: false, faint: false };

function styled(before: Omit<Cell, "text">, parameters: string): Omit<Cell, "text"> {
  let style = before;
  for (const code of parameters.split(";").map(Number)) {
    if (code === 0) style = plain;
    else if (code === 1) style = { ...style, bold: true };
    else if (code === 2) style = { ...style, faint: true };
    else if (code === 22) style = { ...style, bold: false, faint: false };
    else if (code === 39) style = { ...style, color: undefined };
    else if (code >= 30 && code <= 37) style = { ...style, color: code - 30 };
    else if (code >= 90 && code <= 97) style = { ...style, color: code - 82 };
  }
  return style;
}

function drawRow(row: readonly Cell[], at: number): string {
  const runs: { text: string; from: number; look: string }[] = [];
  for (const [from, cell] of row.entries()) {
    const look = lookOf(cell);
    const last = runs.at(-1);
    if (last?.look === look) last.text += cell.text;
    else runs.push({ text: cell.text, from, look });
  }
  const y = size.margin + (at + 0.75) * size.height;
  const spans = runs
    .filter(({ text }) => text.trim() !== "")
    .map(
      ({ text, from, look }) =>
        `<tspan x="${(size.margin + from * size.width).toFixed(1)}"${look}>${escaped(text)}</tspan>`,
    );
  return spans.length === 0 ? "" : `<text y="${y.toFixed(1)}">${spans.join("")}</text>\n`;
}

function lookOf({ color, bold, faint }: Cell): string {
  const fill = color === undefined ? "" : ` fill="${colors[color] ?? foreground}"`;
  return `${fill}${bold ? ' font-weight="bold"' : ""}${faint ? ' opacity="0.6"' : ""}`;
}

const escaped = (text: string): string => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
