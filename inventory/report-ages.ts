import { dayMs, formatSpan } from "../provider/values/durations";
import { type Html, html } from "./html";
import { table, time } from "./report-table";
import { agesOf, type KeyAge, type ReportInput } from "./reported-facts";

/** The age of each current key, against the limit. */
export function agesSection(input: ReportInput): Html {
  const { maxAgeMs } = input;
  const ages = agesOf(input);
  const limit = formatSpan(maxAgeMs);
  const longestMs = ages.reduce((longest, { ageMs = 0 }) => Math.max(longest, ageMs), maxAgeMs) * 1.1;
  const rows = ages.map((age) => [
    age.key.name,
    age.key.issuedAt === undefined ? html`not recorded` : time(Date.parse(age.key.issuedAt)),
    age.ageMs === undefined
      ? html`<span class="warn">unknown</span>`
      : html`<span class="number">${formatSpan(age.ageMs)}</span>`,
    bar(age, maxAgeMs, longestMs),
    verdict(age, maxAgeMs),
    age.owner,
    age.stack,
  ]);
  return html`<section aria-labelledby="ages">
    <h2 id="ages">Ages against the limit of ${limit}</h2>
    ${table(
      {
        id: "ages-table",
        caption: "How old each current key is, the oldest first. The bar's mark is the limit.",
        headings: ["Key", "Issued", "Age", "Age and limit", "Against the limit", "Owner", "Stack"],
        nothing: "No keys.",
      },
      rows,
    )}
  </section>`;
}

function verdict({ ageMs, over }: KeyAge, maxAgeMs: number): Html {
  if (ageMs === undefined) return html`<span class="warn">unknown</span>`;
  return over
    ? html`<span class="bad">over by ${formatSpan(ageMs - maxAgeMs)}</span>`
    : html`<span class="good">within, ${formatSpan(maxAgeMs - ageMs)} left</span>`;
}

/** Decoration only: the cells beside it say the same in words. */
function bar({ ageMs, over }: KeyAge, maxAgeMs: number, longestMs: number): Html | undefined {
  if (ageMs === undefined) return undefined;
  const width = (ms: number) => Math.round((158 * ms) / longestMs);
  const days = Math.floor(ageMs / dayMs);
  return html`<svg role="img" class="age" width="160" height="14" viewBox="0 0 160 14">
    <title>${days} of ${Math.floor(maxAgeMs / dayMs)} days</title>
    <rect class="frame" x="1" y="2" width="158" height="10" />
    <rect class="${over ? "over" : "within"}" x="1" y="3" width="${width(ageMs)}" height="8" />
    <line class="limit" x1="${width(maxAgeMs) + 1}" x2="${width(maxAgeMs) + 1}" y1="0" y2="14" />
  </svg>`;
}
