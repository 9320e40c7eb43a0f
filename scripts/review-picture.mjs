// Renders a golden report as the README's picture: `node scripts/review-picture.mjs`. Needs Chromium.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";

const [fixture = "tests/fixtures/preview/07-list-becomes-wildcard/expected.md", target = "docs/review.png"] =
  process.argv.slice(2);
const html = micromark(readFileSync(fixture, "utf8"), {
  allowDangerousHtml: true,
  extensions: [gfm()],
  htmlExtensions: [gfmHtml()],
})
  // As GitHub draws its alerts.
  .replace(/<blockquote>\s*<p>\[!(CAUTION|IMPORTANT)\]/g, (_, kind) => {
    const title = kind === "CAUTION" ? "⛔ Caution" : "💬 Important";
    return `<blockquote class="${kind}"><p><span>${title}</span></p><p>`;
  });
const style = `body{font:14px/1.5 system-ui,"Noto Sans",sans-serif;color:#1f2328;background:#fff;margin:24px;width:880px}
table{border-collapse:collapse;margin:12px 0}td,th{border:1px solid #d1d9e0;padding:6px 13px;text-align:left}tr:nth-child(2n){background:#f6f8fa}
code{background:#eff1f3;border-radius:6px;padding:.1em .4em;font:85% ui-monospace,"DejaVu Sans Mono",monospace}pre{background:#f6f8fa;padding:12px;border-radius:6px}pre code{padding:0;background:none}
summary{font-weight:600;margin:8px 0}
blockquote{margin:12px 0;padding:2px 14px;border-left:4px solid #d1242f}blockquote span{color:#d1242f;font-weight:500}
blockquote.IMPORTANT{border-color:#8250df}blockquote.IMPORTANT span{color:#8250df}`;
const dir = mkdtempSync(join(tmpdir(), "apikeys-picture-"));
try {
  const page = join(dir, "page.html");
  writeFileSync(page, `<!doctype html><meta charset="utf-8"><style>${style}</style>${html}`);
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    `--user-data-dir=${join(dir, "profile")}`,
  ];
  execFileSync("chromium", [...flags, "--window-size=940,810", `--screenshot=${target}`, `file://${page}`], {
    stdio: "ignore",
  });
} finally {
  rmSync(dir, { recursive: true, force: true });
}
