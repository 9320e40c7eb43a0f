import { describe, expect, it } from "@jest/globals";
import { vendors } from "../../../provider/vendors";
import type { Vendor } from "../../../provider/vendors/vendor";
import { exactText } from "../../../review/exact-text";
import { inert, plainMessage, quoted } from "../../../review/inert";
import { created, found, key, review, type State } from "./support/preview-builder";
import { everyFormat, unsafeParts } from "./support/report-checks";

/** What a name turns into: visible, and harmless in every format. */
const names: [string, string, string][] = [
  ["a table's bar", "a|b", "a|b"],
  ["a backtick", "a`b", "a⟨U+0060⟩b"],
  ["the end of a comment", "x-->y", "x--⟨U+003E⟩y"],
  ["the other end of a comment", "x--!>y", "x--!⟨U+003E⟩y"],
  [
    "our own marker",
    "<!-- apikeys-review v1 project=a stack=b -->",
    "⟨U+003C⟩!-- apikeys-review v1 project=a stack=b --⟨U+003E⟩",
  ],
  ["a tag", "<script>alert(1)</script>", "<script>alert(1)</script>"],
  ["a mention", "@org/team", "@org/team"],
  ["a reference", "#123", "#123"],
  ["a link", "[click](https://evil.example)", "[click](https://evil.example)"],
  ["an image", "![x](https://evil.example/x.png)", "![x](https://evil.example/x.png)"],
  ["a bare link", "https://evil.example", "https://evil.example"],
  ["text that runs backwards", "abc\u202egpj.exe", "abc⟨U+202E⟩gpj.exe"],
  ["bidi isolates", "\u2066a\u2069", "⟨U+2066⟩a⟨U+2069⟩"],
  ["zero width", "ad\u200bmin", "ad⟨U+200B⟩min"],
  ["a byte order mark", "\ufeffx", "⟨U+FEFF⟩x"],
  ["tag characters", "x\u{e0041}", "x⟨U+E0041⟩"],
  ["a filler that draws nothing", "\u3164", "⟨U+3164⟩"],
  ["an unusual space", "a\u00a0b", "a⟨U+00A0⟩b"],
  ["a line break", "a\nb", "a⟨U+000A⟩b"],
  ["a line separator", "a\u2028b", "a⟨U+2028⟩b"],
  ["a terminal's escape", "\u001b[31mred", "⟨U+001B⟩[31mred"],
  ["half a surrogate pair", "a\ud800b", "a⟨U+D800⟩b"],
  ["a workflow command", "::error::x", "::error::x"],
  ["an old workflow command", "x##[error]y", "x##⟨U+005B⟩error]y"],
  ["a quick action", "/approve", "/approve"],
  ["a known credential", "sk_live_0123456789abcdef", "[redacted]"],
  ["entities", "&lt;b&gt;", "&lt;b&gt;"],
  ["CDATA's end", "]]>", "]]>"],
  ["a placeholder", "{0} [a](1)", "{0} [a](1)"],
  ["a Cyrillic letter that looks like a Latin one", "pr\u043ed", "pr⟨U+043E⟩d"],
  ["a Greek one, at the end", "admi\u03bd-eu", "admi⟨U+03BD⟩-eu"],
  ["letters of mathematics", "\u{1d41a}dmin", "⟨U+1D41A⟩dmin"],
  ["wide letters", "\uff41dmin", "⟨U+FF41⟩dmin"],
  ["a Roman number", "bi\u217cling", "bi⟨U+217C⟩ling"],
  ["words of other alphabets", "prod-ключ Größe 鍵 api鍵 café", "prod-ключ Größe 鍵 api鍵 café"],
];

const builtIn: readonly Vendor[] = Object.values(vendors);
const random = "Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3Ab4C";
/** One credential of each shape that a built-in backend declares. */
const credentials: Record<string, string> = {
  confluent: `cflt${random}`,
  datadog: `ddpat_${random}`,
  gitlab: `glpat-${random}`,
  grafana: `glsa_${random.slice(0, 32)}_0123abcd`,
  novavms: `sk_live_${random}`,
  openai: `sk-svcacct-${random}`,
  pulseapi: `17|${random}`,
  pulsely: `ply_live_${random}`,
  rabbitmq: `rmq_${random}`,
  sendgrid: `SG.${random.slice(0, 22)}.${random}`,
  zenml: `ZENKEY_${random}`,
};
const shapes = builtIn.flatMap(({ name, capabilities: { secret } }) =>
  secret?.shape === undefined ? [] : [[name, secret.shape] as const],
);

describe("A credential that a person pasted into a name", () => {
  it.each(shapes)("is never shown: %s", (vendor, shape) => {
    const credential = credentials[vendor] ?? "";
    expect(credential).toMatch(new RegExp(`^${shape}$`));
    expect(inert(`ci ${credential}`)).toBe("ci [redacted]");
    expect(inert(credential)).toBe("[redacted]");
    expect(exactText(credential)).not.toContain(credential);
  });

  it("blocks, however deep it stands", () => {
    let deep: unknown = credentials.confluent;
    for (let level = 0; level < 50; level += 1) deep = { deep };
    expect(found(review([created(key("ci", { keepers: { deep } }))]))).toContain("SR016 ci");
  });
});

describe("inert", () => {
  it.each(names)("%s", (_what, name, shown) => {
    expect(inert(name)).toBe(shown);
    expect(inert(inert(name))).toBe(shown);
    expect(plainMessage(`key ${quoted(name)} is`)).toBe(`key "${shown}" is`);
  });

  it.each(names)("%s acts in no format, as name, owner, scope, environment and connection", (_what, name) => {
    const nasty: State = key(name, {
      labels: { owner: name, purpose: name },
      scopes: [name, "admin:*"],
      environment: name,
      connection: name,
      description: name,
    });
    const report = review([created({ ...nasty, sourcePosition: `project:///${name}#1,1` })], {
      document: {
        namePattern: "^$",
        neverGrant: ["*"],
        waivers: [{ rule: "SR001", urn: nasty.urn, reason: name, approver: name, until: "2027-03-01" }],
      },
      part: name,
    });
    for (const { format, text } of everyFormat(report))
      expect({ format, problems: unsafeParts(format, text) }).toEqual({ format, problems: [] });
  });

  it("cuts a long text without leaving half a character or half an escape", () => {
    expect(inert("x".repeat(10_000))).toBe(`${"x".repeat(119)}…`);
    expect(inert("😀".repeat(200), 10)).toBe("😀😀😀😀…");
    expect(inert("\u200b".repeat(50), 20)).toBe("⟨U+200B⟩⟨U+200B⟩…");
  });

  it("keeps a letter with its marks, and no tower of them", () => {
    expect(inert("e\u0301")).toBe("e\u0301");
    expect(inert(`a${"\u0301".repeat(30)}b`)).toBe("a\u0301\u0301…b");
  });
});
