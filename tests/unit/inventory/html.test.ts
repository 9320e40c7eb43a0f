import { describe, expect, test } from "@jest/globals";
import { html, type HtmlValue, styleElement } from "../../../inventory/html";

/** A template as somebody might write it one day: the parts around one value. */
const written = (before: string, after: string, value: HtmlValue = "x") =>
  html([before, after] as unknown as TemplateStringsArray, value).toString();

describe("a template", () => {
  test.each([
    ["a tag", "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"],
    ["quotes", `" onclick='x'`, "&quot; onclick=&#39;x&#39;"],
    ["an entity", "&lt;b&gt;", "&amp;lt;b&amp;gt;"],
    ["text that runs backwards", "a\u202eb", "a⟨U+202E⟩b"],
    ["zero width", "ad\u200bmin", "ad⟨U+200B⟩min"],
    ["a line break", "a\nb", "a⟨U+000A⟩b"],
    ["a credential", "sk_live_0123456789abcdef", "[redacted]"],
  ])("fills in %s as text", (_what, text, shown) => {
    expect(html`<b>${text}</b>`.toString()).toBe(`<b>${shown}</b>`);
    expect(html`<b class="${text}"></b>`.toString()).toBe(`<b class="${shown}"></b>`);
  });

  test("takes markup of ours, numbers, several, and nothing", () => {
    expect(html`<p>${html`<b>${"<"}</b>`}${2}${["a", html`<i></i>`]}${undefined}</p>`.toString()).toBe(
      "<p><b>&lt;</b>2a<i></i></p>",
    );
  });

  test.each([
    ["a tag's name", "<", ">"],
    ["an attribute's name", "<b ", "></b>"],
    ["a value without quotes", "<b class=", "></b>"],
    ["a value in single quotes", "<b class='", "'></b>"],
    ["a handler", '<b onclick="', '"></b>'],
    ["an address", '<a href="', '">x</a>'],
    ["the end of an address", '<a href="https://example.com/', '">x</a>'],
    ["a source", '<img src="', '">'],
    ["a style", '<b style="', '"></b>'],
    ["a script", "<script>", "</script>"],
    ["a style sheet", "<style>", "</style>"],
    ["a comment", "<!-- ", " -->"],
    ["a frame", '<iframe srcdoc="', '"></iframe>'],
  ])("is refused where it would fill in %s", (_what, before, after) => {
    expect(() => written(before, after)).toThrow(/Nothing may be filled in|No template writes/);
  });

  test("is refused where it ends inside a tag", () => {
    expect(() => written("<b>", "</b")).toThrow("ends inside a tag");
  });
});

test("A style sheet that could end its element is refused", () => {
  expect(() => styleElement("</style><script>")).toThrow("no markup");
  expect(styleElement("p{margin:0}").toString()).toMatch(
    /content="default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'"/,
  );
});
