// How the demo looks: colours on a terminal that wants them, plain text elsewhere.
const { FORCE_COLOR, NO_COLOR, TERM } = process.env;
const asked = FORCE_COLOR !== undefined && FORCE_COLOR !== "0";
export const coloured = !NO_COLOR && (asked || (process.stdout.isTTY === true && TERM !== "dumb"));
const paint = (code) => (text) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);

export const bold = paint("1");
export const dim = paint("2");
export const red = paint("31");
export const green = paint("32");
export const yellow = paint("33");
export const cyan = paint("36");

export const say = (text = "") => console.log(text);

let chapters = 0;
export function chapter(title) {
  chapters += 1;
  say(`\n${cyan(`${chapters}.`)} ${bold(title)}`);
}

/** Shows a command while it runs, and how long it took. */
export async function shown(command, work) {
  process.stdout.write(`   ${dim("$")} ${command}`);
  const started = performance.now();
  try {
    return await work();
  } finally {
    say(dim(`  ${((performance.now() - started) / 1000).toFixed(1)} s`));
  }
}

/** A fact that the demo has seen, or its end. */
export function proved(holds, fact) {
  if (!holds) throw new Error(`this does not hold: ${fact}`);
  say(`   ${green("✔")} ${fact}`);
}

/** Lines of a program's own output in their own colours, set apart, and broken where the terminal ends. */
export function quote(text, paintLine = (line) => line) {
  for (const line of text.trimEnd().split("\n")) {
    const [, begin, words, end] = styledLine.exec(line);
    for (const part of broken(words)) say(`   ${dim("│")} ${begin}${paintLine(part)}${end}`.trimEnd());
  }
}

/** A line in one style, as `apikeys` prints it. */
const style = `(?:${String.fromCharCode(27)}\\[\\d+m)*`;
const styledLine = new RegExp(`^(${style})(.*?)(${style})$`);

function broken(line) {
  const indent = /^ */.exec(line)[0] + "  ";
  const width = Math.min(process.stdout.columns ?? 134, 134) - 5;
  const parts = [line];
  while (parts.at(-1).length > width) {
    const last = parts.pop();
    const at = last.lastIndexOf(" ", width);
    if (at <= indent.length) return [...parts, last];
    parts.push(last.slice(0, at), indent + last.slice(at + 1));
  }
  return parts;
}

export function paintProgram(line) {
  if (/^\s*\/\//.test(line)) return dim(line);
  return line.replace(/"[^"]*"/g, green).replace(/\b(ServiceAccount|ApiKey|RotatingApiKey)\b/g, cyan);
}
