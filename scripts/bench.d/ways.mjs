// Where the time of a key goes, and what other ways of running the engine would save: one create of the same keys in each.
import { statSync } from "node:fs";
import { cpuSeconds } from "./cpu.mjs";
import { withServices } from "./services.mjs";
import { Stack } from "./stack.mjs";
import { subjects } from "./subjects.mjs";

/** Without a checkpoint after each step, a killed run loses every key that it has made: a measurement, and no way to work. */
const withoutCheckpoints = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };

const ways = [
  { title: "the engine alone", subject: "engine" },
  { title: "the engine alone, without checkpoints", subject: "engine", env: withoutCheckpoints },
  { title: "this package", subject: "dynamic" },
  { title: "without checkpoints", subject: "dynamic", env: withoutCheckpoints },
  { title: "compressed checkpoints", subject: "dynamic", env: { PULUMI_DIY_BACKEND_GZIP: "true" } },
  {
    title: "without backups of checkpoints",
    subject: "dynamic",
    env: { PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true" },
  },
  { title: "the plugin", subject: "plugin" },
];

/** Seconds, CPU seconds and bytes of the checkpoint on disk a key, by way. */
export async function benchWays(/** @type {number} */ count) {
  const rows = [];
  for (const { title, subject, env } of ways)
    await withServices(async (services) => {
      const stack = new Stack(services, env);
      try {
        stack.up();
        stack.program(subjects[subject].program(count));
        const cpu = cpuSeconds();
        const seconds = stack.up();
        const row = {
          title,
          count,
          seconds,
          cpu: cpuSeconds() - cpu,
          bytes: statSync(stack.checkpoint()).size / count,
        };
        rows.push(row);
        console.log(`${count} keys, ${title}: ${seconds.toFixed(1)} s, CPU ${row.cpu.toFixed(1)} s`);
      } finally {
        stack.discard();
      }
    });
  return rows;
}
