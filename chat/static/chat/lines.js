/** What a line of Markdown begins, and whether it goes on with what is open. */

// None of these looks at a character twice: a line may be of any length and hold anything.
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})(?=\s|$)/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}>/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(\s+|$)/;
const UNDERLINE = /^ {0,3}(=+|-+)\s*$/;

/** Return what begins with `line`: its `kind`, and what is needed to draw it. */
export function beginning(line) {
  const fence = fenceOf(line);
  if (fence) return { kind: "fence", ...fence };
  const heading = HEADING.exec(line);
  if (heading) return { kind: "heading", level: heading[1].length, text: headingText(line.slice(heading[0].length)) };
  if (RULE.test(line)) return { kind: "rule" };
  if (QUOTE.test(line)) return { kind: "quote" };
  const item = ITEM.exec(line);
  if (item) return { kind: "item", ...itemOf(item) };
  return { kind: "paragraph" };
}

function fenceOf(line) {
  const mark = FENCE.exec(line);
  if (!mark) return null;
  const about = line.slice(mark[0].length).trim();
  return mark[1][0] === "`" && about.includes("`") ? null : { mark: mark[1], language: about.split(/\s/, 1)[0] };
}

/** What a heading says, without the signs that may close it. */
function headingText(rest) {
  const text = rest.trim();
  let end = text.length;
  while (text[end - 1] === "#") end -= 1;
  return end === 0 || /\s/.test(text[end - 1]) ? text.slice(0, end).trimEnd() : text;
}

function itemOf([all, before, mark, space]) {
  const ordered = /\d/.test(mark);
  const width = space.length > 4 ? before.length + mark.length + 1 : all.length;
  return { ordered, start: ordered ? Number.parseInt(mark, 10) : 1, width };
}

/** Whether `line` ends a fence that was opened with `mark`. */
export function closes(line, mark) {
  const text = line.trim();
  return text.length >= mark.length && text === mark[0].repeat(text.length) && !line.startsWith("    ");
}

/** Whether `line` may still become the end of a fence. */
export const mayClose = (line, mark) => /^ {0,3}$/.test(line) || (line.trim() !== "" && closes(line + mark, mark));

/** Whether `line` goes on with a block of that kind, of which `lines` are there. */
export function goesOn(kind, lines, line) {
  const blank = line.trim() === "";
  switch (kind) {
    case "item":
      if (blank) return true;
      if (line.startsWith("  ") || line.startsWith("\t")) return true;
      return lines.at(-1).trim() !== "" && beginning(line).kind === "paragraph";
    case "quote":
      return QUOTE.test(line) || (!blank && beginning(line).kind === "paragraph");
    case "paragraph":
      if (lines.length === 1 && isTable([...lines, line])) return true;
      return !blank && (UNDERLINE.test(line) || beginning(line).kind === "paragraph");
    default:
      return false;
  }
}

/** The level of a heading that is underlined, 0 for none. */
export function underlined(lines) {
  const line = UNDERLINE.exec(lines.at(-1));
  return lines.length < 2 || !line ? 0 : line[1][0] === "=" ? 1 : 2;
}

/** Whether these lines of a paragraph are a table. */
export function isTable([head, line]) {
  if (line === undefined || !head.includes("|") || !line.includes("-")) return false;
  return cells(line).every((cell) => /^:?-+:?$/.test(cell));
}

/** The cells of a row of a table. */
export function cells(line) {
  return line.trim().replace(/^\||(?<!\\)\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

export const unquoted = (line) => line.replace(/^ {0,3}> ?/, "");
