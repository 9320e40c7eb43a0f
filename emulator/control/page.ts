/**
 * The emulator's page for people: what runs, which keys live, which requests came, and a clock to move. It uses the
 * control API.
 */
export function page(services: readonly { readonly name: string; readonly url: string }[]): string {
  const rows = services.map(({ name, url }) => `<tr><th scope="row">${name}</th><td><code>${url}</code></td></tr>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'">
<title>apikeys emulator</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>apikeys emulator</h1>
<table aria-label="Services"><thead><tr><th scope="col">Service</th><th scope="col">Address</th></tr></thead>
<tbody>${rows.join("")}</tbody></table>

<h2>Clock</h2>
<p>It is <strong id="now">…</strong> for every service. It only turns here; Pulumi runs by <code>APIKEYS_NOW</code>.</p>
<form id="clock"><label>Turn it by <input name="advance" value="1d" size="6" required pattern="[0-9]+[smhdw]"></label> <button>Turn</button></form>
<p id="problem" role="alert"></p>

<h2>Keys</h2>
<div class="wide"><table aria-label="Keys"><thead><tr><th scope="col">Name</th><th scope="col">Service</th><th scope="col">State</th><th scope="col">Scopes</th><th scope="col">Made</th><th scope="col">Ends</th><th scope="col">Last used</th></tr></thead>
<tbody id="keys"></tbody></table></div>
<p id="no-keys">There are no keys yet.</p>

<h2>Requests</h2>
<div class="wide"><table aria-label="Requests, the latest first"><thead><tr><th scope="col">At</th><th scope="col">Service</th><th scope="col">Request</th><th scope="col">Answer</th></tr></thead>
<tbody id="requests"></tbody></table></div>
<p id="no-requests">There were no requests yet.</p>
</main>
<script>${script}</script>
</body>
</html>
`;
}

const style = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --line: #c8ccd1; --soft: #555c66; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --ink: #e8eaed; --line: #4a515b; --soft: #b3bac4; } }
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 75rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; } .wide { overflow-x: auto; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; } td { overflow-wrap: anywhere; }
input, button { font: inherit; padding: .2rem .5rem; color: var(--ink); background: var(--paper); border: 1px solid var(--soft); }
#problem, [id^="no-"] { color: var(--soft); } #problem:empty { display: none; }
`;

/** Text from a program or a request stays text, never markup. */
const script = `
const at = (id) => document.getElementById(id);
const shown = 100;
const when = (time) => time === null ? "–" : time.replace("T", " ").replace(/(\\.\\d+)?Z$/, "");
async function ask(path, body) {
  const answer = await fetch("/_emulator/" + path, body && { method: "POST", body: JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error.message);
  return said;
}
function fill(id, rows) {
  at("no-" + id).hidden = rows.length > 0;
  at(id).replaceChildren(...rows.map((cells) => {
    const row = document.createElement("tr");
    row.append(...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
    return row;
  }));
}
async function look() {
  try {
    const [{ now }, { keys }, { requests }] = await Promise.all(["clock", "keys", "requests"].map((path) => ask(path)));
    at("now").textContent = when(now);
    fill("keys", keys.map((key) => [key.name, key.service, key.state, key.scopes.join(" "), when(key.createdAt), when(key.expiresAt), when(key.lastUsedAt)]));
    fill("requests", requests.slice(-shown).reverse().map(({ at: time, service, method, path, status }) => [when(time), service, method + " " + path, String(status ?? "dropped")]));
  } catch (error) {
    at("problem").textContent = "The emulator does not answer: " + error.message;
  }
}
at("clock").addEventListener("submit", async (event) => {
  event.preventDefault();
  at("problem").textContent = "";
  try {
    await ask("clock", { advance: new FormData(event.target).get("advance") });
  } catch (error) {
    at("problem").textContent = error.message;
  }
  await look();
});
setInterval(() => document.hidden || look(), 2000);
look();
`;
