// Replaces everything that differs from run to run by numbered values, so that a captured preview can be compared with
// the next one.
import { createHash } from "node:crypto";

const engineTime = "2027-02-01T09:00:00Z";

export function normalise(text, { folder, origin, root }) {
  const counted = new Map();
  const count = (kind, value, make) => {
    const key = `${kind} ${value}`;
    if (!counted.has(key))
      counted.set(key, make([...counted.keys()].filter((each) => each.startsWith(`${kind} `)).length + 1));
    return counted.get(key);
  };
  const digest = (value) => createHash("sha256").update(value).digest("hex");
  // A secret in the output of the engine or the program must still match its fingerprint, so both are replaced
  // together.
  const secrets = new Map();
  const planted = (number) => `PLANTED${String(number).padStart(2, "0")}${digest(`planted ${number}`).slice(0, 20)}`;
  let out = text;
  for (const [secret] of out.matchAll(/\b(?:ply_live_|ply_test_|sk_live_|sk_test_)[A-Za-z0-9]{16,}/g)) {
    if (secrets.has(secret) || secret.includes("PLANTED")) continue;
    secrets.set(secret, `${/^[a-z]+_(?:live|test)_/.exec(secret)[0]}${planted(secrets.size + 1)}`);
  }
  for (const [secret, other] of secrets)
    out = out.replaceAll(digest(secret).slice(0, 16), digest(other).slice(0, 16)).replaceAll(secret, other);
  out = out
    .replaceAll(folder, "/project")
    .replaceAll(`/private${folder}`, "/project")
    .replaceAll(root, "/package")
    .replaceAll(origin, "http://127.0.0.1:4010")
    .replaceAll(new URL(origin).host, "127.0.0.1:4010")
    .replace(/\/tmp\/apikeys-fixtures-[A-Za-z0-9]+/g, "")
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, (id) =>
      id === "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
        ? id
        : count("uuid", id, (number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`),
    )
    .replace(/\bkey_[A-Za-z0-9]{6,}/g, (id) => count("key", id, (number) => `key_${String(number).padStart(8, "0")}`))
    .replace(/\brotating-[0-9a-f]{16}\b/g, (id) =>
      count("rotating", id, (number) => `rotating-${String(number).padStart(16, "0")}`),
    )
    // <prefix>-<4 hex of the stack><6 random hex>
    .replace(/-([0-9a-f]{4})([0-9a-f]{6})(?=["\\])/g, (whole, stack) =>
      count("name", whole, (number) => `-${stack}${String(number).padStart(6, "0")}`),
    )
    .replace(/ply_(live|test)_[A-Za-z0-9]{2,8}…[A-Za-z0-9]{2,6}/g, (whole, environment) =>
      count("hint", whole, (number) => `ply_${environment}_${String(number).padStart(6, "0")}…0000`),
    )
    // The services' clocks keep running from the time that they are set to.
    .replace(/(2027-\d\d-\d\dT\d\d):\d\d:\d\d(?:\.\d+)?Z/g, "$1:00:00Z");
  return rewrite(out, count, secrets, digest);
}

/** Replaces the engine's own times, stack traces with this machine's folders, and the duration of the run. */
function rewrite(text, count, secrets, digest) {
  const known = new Set([...secrets.values()].map((secret) => digest(secret).slice(0, 16)));
  const fingerprint = (value) =>
    typeof value === "string" && !known.has(value)
      ? count("fingerprint", value, (number) => String(number).padStart(16, "0"))
      : value;
  // A keeper that follows another key contains its fingerprint, so both are replaced together.
  const shown = new Set([...text.matchAll(/"fingerprint": ?"([0-9a-f]{16})"/g)].map(([, value]) => value));
  const clean = (name, value) => {
    if (name === "stackTrace") return undefined;
    if (name === "created" || name === "modified") return engineTime;
    if (name === "duration" || name === "durationSeconds" || name === "timestamp") return 1_000_000_000;
    if (name === "fingerprint" || shown.has(value)) return fingerprint(value);
    return value;
  };
  const isStream = text.trimStart().startsWith('{"sequence"');
  if (!isStream) return `${JSON.stringify(JSON.parse(text), clean, 2)}\n`;
  // The order of the engine's debug messages varies. The one with a secret is enough to prove that the review repeats
  // none.
  const events = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const debug = events.filter(({ diagnosticEvent }) => diagnosticEvent?.severity === "debug");
  const telling = debug
    .filter(({ diagnosticEvent }) => diagnosticEvent.message.includes("PLANTED"))
    .sort((a, b) => (a.diagnosticEvent.message < b.diagnosticEvent.message ? -1 : 1));
  const kept = events.filter((event) => !debug.includes(event) || event === telling[0]);
  const ordered = [
    ...kept.filter((event) => event !== telling[0] && !event.cancelEvent),
    ...telling.slice(0, 1),
    ...kept.filter(({ cancelEvent }) => cancelEvent),
  ];
  return `${ordered.map((event, index) => JSON.stringify({ ...event, sequence: index + 1 }, clean)).join("\n")}\n`;
}
