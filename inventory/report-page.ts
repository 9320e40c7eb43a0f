/**
 * `apikeys report`: one page for people who prefer pictures to lists. Pure. Everything from a state or a service is
 * foreign text.
 */
import { formatSpan } from "../provider/values/durations";
import { type Html, html, styleElement } from "./html";
import { agesSection } from "./report-ages";
import { calendarSection } from "./report-calendar";
import { reportStyle } from "./report-style";
import { table, time } from "./report-table";
import {
  type Concern,
  concernsOf,
  holdersByScope,
  holdersOf,
  type KeyHolder,
  type ReportInput,
} from "./reported-facts";

/** The whole document. It loads nothing, runs nothing, and contains no secret and no fingerprint. */
export function reportPage(input: ReportInput): string {
  const holders = holdersOf(input);
  const concerns = concernsOf(input);
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      ${styleElement(reportStyle)}
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="referrer" content="no-referrer" />
      <title>API keys: who may do what, and until when</title>
    </head>
    <body>
      <a class="skip" href="#content">Skip to the content</a>
      <header>
        <h1>API keys: who may do what, and until when</h1>
        <p class="muted">
          As of ${time(input.nowMs)}, from ${input.stacks.length}
          ${input.stacks.length === 1 ? "state" : "states"}${input.inventory ? " and an inventory of the services" : ""}.
        </p>
        <nav aria-label="Sections">
          <ul>
            <li><a href="#attention">What needs attention</a></li>
            <li><a href="#access">Who may do what</a></li>
            <li><a href="#calendar">Calendar</a></li>
            <li><a href="#ages">Ages</a></li>
            <li><a href="#sources">Sources</a></li>
          </ul>
        </nav>
      </header>
      <main id="content">
        ${figures(input, holders, concerns)} ${attention(input, concerns)} ${access(holders)} ${calendarSection(input)}
        ${agesSection(input)} ${sources(input)}
      </main>
      <footer>
        <p>
          Made by <code>apikeys report</code>. This page loads nothing and runs nothing. It names keys, accounts, owners
          and scopes: keep it as you keep those.
        </p>
      </footer>
    </body>
  </html> `;
  return `<!doctype html>\n${page.toString()}`;
}

function figures({ stacks, maxAgeMs }: ReportInput, holders: readonly KeyHolder[], concerns: readonly Concern[]): Html {
  const accounts = stacks.flatMap(({ recorded: { keys } }) => keys).filter(({ kind }) => kind === "account").length;
  const of = (...kinds: readonly Concern["kind"][]) => concerns.filter(({ kind }) => kinds.includes(kind)).length;
  const told: readonly (readonly [count: number, words: string | Html])[] = [
    [holders.length, "keys"],
    [accounts, "service accounts"],
    [holders.filter(({ access: { mintsKeys } }) => mintsKeys).length, "keys that can make keys"],
    [of("due"), "things due now"],
    [of("too old"), html`keys older than ${formatSpan(maxAgeMs)}`],
    [of("unknown", "missing", "cannot be told"), "unknown, missing or unreadable"],
  ];
  return html`<dl class="figures">
    ${told.map(
      ([count, words]) =>
        html`<div>
          <dt>${words}</dt>
          <dd>${count}</dd>
        </div>`,
    )}
  </dl>`;
}

const concernWords: Readonly<Record<Concern["kind"], Html>> = {
  "cannot be told": html`<span class="bad">Unreadable</span>`,
  unknown: html`<span class="bad">Unknown</span>`,
  missing: html`<span class="bad">Missing</span>`,
  due: html`<span class="warn">Due</span>`,
  "too old": html`<span class="warn">Too old</span>`,
  unused: html`<span class="warn">Unused</span>`,
};

function attention({ inventory }: ReportInput, concerns: readonly Concern[]): Html {
  const note = inventory
    ? undefined
    : html`<p>
        <strong>The services were not asked.</strong> Keys that no state names, and when each was last used, are not on
        this page. <code>apikeys inventory --format json</code> asks, and <code>--inventory</code> adds the answer.
      </p>`;
  const list = table(
    {
      id: "attention-table",
      caption: "What is unknown, stale, due or too old; the gravest first",
      headings: ["Key or account", "What", "Where", "Why"],
      nothing: "Nothing.",
    },
    concerns.map(({ kind, subject, place, why }) => [subject, concernWords[kind], place, html`<bdi>${why}</bdi>`]),
  );
  return html`<section aria-labelledby="attention">
    <h2 id="attention">What needs attention</h2>
    ${note}${list}
  </section>`;
}

function access(holders: readonly KeyHolder[]): Html {
  const byKey = holders.map(({ name, generation, stack, account, owner, consumers, access: held }) => [
    name,
    html`${generation}`,
    scopes(held),
    levelOf(held),
    account,
    owner,
    consumers.join(", "),
    stack,
  ]);
  const byScope = holdersByScope(holders).map(([scope, who]) => [
    scope === "*" ? html`<code>*</code> everything` : html`<code>${scope}</code>`,
    html`<span class="number">${who.length}</span>`,
    html`<ul class="chips names">
      ${who.map(
        ({ name, generation }) =>
          html`<li><bdi>${name}</bdi>${generation === "current" ? undefined : html` (${generation})`}</li>`,
      )}
    </ul>`,
  ]);
  return html`<section aria-labelledby="access">
    <h2 id="access">Who may do what</h2>
    <h3>By key</h3>
    ${table(
      {
        id: "access-by-key",
        caption: "What each key may do; the most powerful first. A dashed scope comes with another one.",
        headings: ["Key", "Generation", "Scopes, as they take effect", "Level", "Account", "Owner", "Used by", "Stack"],
        nothing: "No keys.",
      },
      byKey,
    )}
    <h3>By scope</h3>
    ${table(
      {
        id: "access-by-scope",
        caption: "Which keys have each scope, directly or through another one",
        headings: ["Scope", "Keys", "Which"],
        nothing: "No scopes.",
      },
      byScope,
    )}
  </section>`;
}

function scopes({ held, implied, everything, note }: KeyHolder["access"]): Html {
  const chips = [
    ...held.map((scope) => html`<li><code>${scope}</code></li>`),
    ...(everything ? [] : implied.map((scope) => html`<li class="implied"><code>${scope}</code></li>`)),
  ];
  return html`${
    chips.length === 0
      ? undefined
      : html`<ul class="chips">
          ${chips}
        </ul>`
  }${
    everything ? html`<span class="bad">everything that the service has</span> ` : undefined
  }${note === undefined ? undefined : html`<span class="muted"><bdi>${note}</bdi></span>`}`;
}

function levelOf({ level, mintsKeys }: KeyHolder["access"]): Html {
  return html`${level === "admin" ? html`<span class="bad">admin</span>` : html`${level}`}${mintsKeys ? html`, <span class="bad">can make keys</span>` : undefined}`;
}

function sources({ stacks, inventory }: ReportInput): Html {
  const rows = stacks.map(({ recorded: { stack, keys }, writtenAt }) => {
    const writtenMs = Date.parse(writtenAt ?? "");
    const count = (wanted: string) =>
      html`<span class="number">${keys.filter(({ kind }) => kind === wanted).length}</span>`;
    return [
      stack === "" ? "(a state without resources)" : stack,
      Number.isNaN(writtenMs) ? html`not known` : time(writtenMs),
      count("key"),
      count("account"),
    ];
  });
  return html`<section aria-labelledby="sources">
    <h2 id="sources">Sources</h2>
    <p>
      A state tells what the last update and refresh saw.
      ${inventory ? html`The inventory lists ${inventory.rows.length} keys and accounts of the services.` : undefined}
    </p>
    ${table(
      {
        id: "sources-table",
        caption: "The states that this page was made from",
        headings: ["Stack", "Last written", "Keys", "Accounts"],
        nothing: "No states.",
      },
      rows,
    )}
  </section>`;
}
