/**
 * Makes all markup of the report. Templates are ours; values are foreign text, which is made inert and escaped, in
 * elements and in attributes. A template is refused if it fills a place where escaping does not help: the name of a tag
 * or an attribute, an attribute that acts, a script, a style.
 */
import { createHash } from "node:crypto";
import { inert } from "../review/inert";

/** Longest piece of foreign text on a page. */
const longestText = 200;

/** A piece of markup. Only `html` and `styleElement` create it. */
export class Html {
  readonly #markup: string;

  private constructor(markup: string) {
    this.#markup = markup;
  }

  static template(strings: TemplateStringsArray, values: readonly HtmlValue[]): Html {
    checkPlaces(strings);
    return new Html(strings.map((part, index) => (index === 0 ? "" : markupOf(values[index - 1])) + part).join(""));
  }

  static style(css: string): Html {
    if (/[<&]/.test(css)) throw new Error("A style sheet holds no markup.");
    const hash = createHash("sha256").update(css).digest("base64");
    const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
    return new Html(`<meta http-equiv="Content-Security-Policy" content="${policy}">\n<style>${css}</style>`);
  }

  toString(): string {
    return this.#markup;
  }
}

/** A value of a template: foreign text, a number of ours, markup, or a list of them; undefined stands for nothing. */
export type HtmlValue = string | number | Html | undefined | readonly HtmlValue[];

export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return Html.template(strings, values);
}

/**
 * The page's one style sheet. The content security policy allows it and nothing else: no script, image, font, request,
 * frame or form.
 *
 * @throws Error - the text could end the element
 */
export function styleElement(css: string): Html {
  return Html.style(css);
}

function markupOf(value: HtmlValue): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.toString();
  if (typeof value === "string") return escape(inert(value, longestText));
  if (typeof value === "number") return String(value);
  return value.map(markupOf).join("");
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const checked = new WeakSet<TemplateStringsArray>();

/** Throws if a template fills anything but text between tags, or the quotes of a harmless attribute. */
function checkPlaces(strings: TemplateStringsArray): void {
  if (checked.has(strings)) return;
  let place: Place = "text";
  for (const [index, part] of strings.entries()) {
    if (/<(?:script|style|iframe|object|embed|!--)/i.test(part)) throw new Error(`No template writes ${part}`);
    const goesOn = place === "value" && !part.includes('"');
    place = placeAfter(part, place);
    if (index === strings.length - 1) break;
    if (place === "tag" || (place === "value" && !goesOn && !opensFillable.test(part)))
      throw new Error(`Nothing may be filled in after ${part}`);
  }
  if (place !== "text") throw new Error("The template ends inside a tag.");
  checked.add(strings);
}

type Place = "text" | "tag" | "value";

function placeAfter(part: string, start: Place): Place {
  let place = start;
  for (const character of part) {
    if (place === "text") place = character === "<" ? "tag" : "text";
    else if (character === '"') place = place === "tag" ? "value" : "tag";
    else if (place === "tag" && character === ">") place = "text";
  }
  return place;
}

/** The attributes with values that may be computed: none of them loads, runs or styles anything. */
const opensFillable =
  /\s(?:id|class|datetime|viewBox|width|height|x|y|x1|x2|y1|y2|cx|cy|r|points|aria-labelledby|data-heading)="[^"]*$/;
