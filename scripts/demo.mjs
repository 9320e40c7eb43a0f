// The story that ./scripts/demo tells: keys as resources, a review, rotation, an emergency, and a clean end.
// Nothing is left afterwards, not even after Ctrl-C.
import { readFileSync } from "node:fs";
import { Bench, consume, status } from "./demo.d/bench.mjs";
import { bold, chapter, dim, paintProgram, proved, quote, red, say, shown } from "./demo.d/terminal.mjs";

const mask = (secret) => `${secret.slice(0, 8)}…${secret.slice(-2)}`;
const bench = new Bench();

async function main() {
  say(bold("pulumi-apikeys: service accounts and API keys as Pulumi resources"));
  await bench.start();
  const { novavms, pulsely } = bench.services;
  const camera = (path, secret) => status(novavms.url, path, secret);
  const check = (secret) => status(pulsely.url, "/checks", secret);

  chapter("Declare keys");
  const [, program] = /^(\/\/ NovaVMS.*?)\nexport/ms.exec(readFileSync("scripts/demo.d/index.ts", "utf8"));
  quote(program, paintProgram);
  await shown("pulumi stack init demo", () => bench.pulumi("stack", "init", "demo"));
  await bench.up();
  const first = await bench.outputs();
  say(`   archive ${mask(first.archiveSecret)}, exporter ${mask(first.exporterSecret)}: encrypted in the state`);
  proved((await camera("/cameras", first.archiveSecret)) === 200, "the archive's key reads cameras: 200");
  proved((await camera("/events", first.archiveSecret)) === 403, "and no further than its scopes: /events 403");

  chapter("Review a change before anybody has it, without any credential");
  say(dim("   A pull request wants admin:* for the exporter, and sets fullAccess: true."));
  await bench.pulumi("config", "set", "--path", "exporterScopes[0]", "admin:*");
  await bench.pulumi("config", "set", "fullAccess", "true");
  const bad = await bench.review();
  quote(bad.stdout);
  proved(bad.code === 5, "exit code 5: it cannot be merged");
  await bench.pulumi("config", "rm", "--path", "exporterScopes");
  await bench.pulumi("config", "rm", "fullAccess");
  say(dim("   The next one wants events:read for the archive."));
  await bench.pulumi("config", "set", "--path", "archiveScopes[0]", "cameras:read");
  await bench.pulumi("config", "set", "--path", "archiveScopes[1]", "events:read");
  const good = await bench.review();
  quote(good.stdout);
  proved(good.code === 0, "exit code 0: people approve it by its digest");

  chapter("Deploy it: other scopes are another key, and the new one comes first");
  await bench.up();
  const second = await bench.outputs();
  const { requests } = await bench.control("requests?service=novavms");
  const changes = requests.filter(({ method, path }) => method !== "GET" && path.includes("/keys"));
  const brief = (path) => path.replace(/([0-9a-f]{8})-[0-9a-f-]{27}/g, "$1…");
  quote(
    changes
      .slice(-2)
      .map(({ at, method, path }) => `${at.slice(11, 23)} ${method} ${brief(path)}`)
      .join("\n"),
  );
  proved((await camera("/events", second.archiveSecret)) === 200, "the new key reads events: 200");
  proved((await camera("/cameras", first.archiveSecret)) === 401, "the old key is refused: 401");

  chapter("Rotate on schedule, while a consumer calls all the time");
  let published = second.exporterSecret;
  const stop = consume(pulsely.url, "/checks", () => published);
  await bench.goToDay(31);
  quote((await bench.apikeys("due --within 7d")).stdout);
  await bench.up("(day 31) ");
  const third = await bench.outputs();
  say(`   exporter ${mask(third.exporterSecret)}: ${third.exporterReason}`);
  proved((await check(third.exporterSecret)) === 200, "the new key works: 200");
  proved((await check(second.exporterSecret)) === 200, "and so does the previous one, for its overlap of 7 days: 200");
  published = third.exporterSecret;
  await bench.goToDay(39);
  await bench.up("(day 39) ");
  proved((await check(second.exporterSecret)) === 401, "after the overlap the previous key is refused: 401");
  const answers = await stop();
  proved(answers.size === 1 && answers.has(200), `the consumer was answered 200 all ${answers.get(200)} times`);

  chapter("Emergency: a secret stands in a chat");
  quote((await bench.apikeys("identify", third.exporterSecret)).stdout);
  await shown("pulumi config set incident INC-4711", () => bench.pulumi("config", "set", "incident", "INC-4711"));
  await bench.up();
  const fourth = await bench.outputs();
  proved((await check(third.exporterSecret)) === 401, "the leaked key is refused: 401");
  proved((await check(fourth.exporterSecret)) === 200, "its successor works: 200");

  chapter("Leave nothing behind");
  await shown("pulumi destroy", () => bench.pulumi("destroy", "--yes", "--skip-preview"));
  const { keys } = await bench.control("keys");
  const ours = keys.filter(({ name }) => /^(archive|exporter)-/.test(name));
  const living = ours.filter(({ state }) => state === "active");
  proved(living.length === 0, `${ours.length} keys were made, and ${living.length} of them live`);
}

const started = performance.now();
try {
  await main();
  say(`\n${bold("Done")} in ${((performance.now() - started) / 1000).toFixed(0)} s. Your first key: README.md`);
} catch (error) {
  console.error(`\n${red("The demo failed:")} ${error.message}`);
  process.exitCode = 1;
} finally {
  await bench.close();
}
