// One life of a stack with N keys on the real engine: time of every operation, requests as the service counts them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandTook } from "./commands.mjs";
import { cpuSeconds } from "./cpu.mjs";
import { withServices } from "./services.mjs";
import { Stack } from "./stack.mjs";
import { subjects } from "./subjects.mjs";

/** How far away the service is in the operation of that name. */
const farMs = 50;

/** Seconds, CPU seconds and requests by operation. `brief`: without destroy, which takes peers longer than all the rest. */
async function lifeOf(subject, count, services, { brief = false } = {}) {
  const { program, changed, asks } = subjects[subject];
  const stack = new Stack(services);
  const life = { seconds: {}, cpu: {}, requests: {} };
  const timed = async (name, run) => {
    const [requests, cpu] = [await services.requestCount(), cpuSeconds()];
    life.seconds[name] = run();
    life.cpu[name] = cpuSeconds() - cpu;
    life.requests[name] = (await services.requestCount()) - requests;
  };
  const refresh = () => stack.timed("refresh", "--yes", "--skip-preview");
  try {
    stack.up();
    const empty = stack.stateBytes();
    stack.program(program(count));
    await timed("create", () => stack.up());
    life.bytesPerKey = (stack.stateBytes() - empty) / count;
    await timed("no-op", () => stack.up());
    await timed("refresh", refresh);
    if (asks) {
      await services.delay(farMs);
      await timed(`refresh at ${farMs} ms`, refresh);
      await services.delay(0);
    }
    if (subject === "dynamic") {
      reviewed(stack, life.seconds);
      await services.die();
      await timed("refresh, service dead", refresh);
      await services.delay(0);
    }
    if (changed) {
      stack.program(changed(count));
      await timed("rotate all", () => stack.up());
    }
    if (!brief) await timed("destroy", () => stack.timed("destroy", "--yes", "--skip-preview"));
    return life;
  } finally {
    stack.discard();
  }
}

/** The commands that read a preview or a state. */
function reviewed(stack, seconds) {
  const [preview, state] = ["preview.json", "state.json"].map((name) => join(stack.dir, name));
  writeFileSync(preview, stack.pulumi("preview", "--json", "--show-sames"));
  writeFileSync(state, stack.pulumi("stack", "export"));
  seconds.review = commandTook("review", "--preview", preview, "--project-dir", stack.dir, "--fail-on", "never");
  seconds.due = commandTook("due", "--state", state);
}

/** The better of two lives, operation by operation. */
function better(known, life) {
  if (!known) return life;
  for (const what of ["seconds", "cpu"])
    for (const [name, value] of Object.entries(life[what]))
      known[what][name] = Math.min(known[what][name] ?? Infinity, value);
  return known;
}

/**
 * The lives of each subject at each count, by name and count. They alternate, so that a slow moment of the machine affects
 * all. From `briefFrom` keys on, only those that a row compares, and peers without destroy.
 */
export async function livesOf(names, counts, { rounds, briefFrom }) {
  const measured = {};
  for (const count of counts)
    for (let round = 0; round < rounds; round += 1)
      for (const name of names) {
        const brief = count >= briefFrom;
        if (brief && !subjects[name].compared) continue;
        const life = await withServices((services) =>
          lifeOf(name, count, services, { brief: brief && name !== "dynamic" }),
        );
        (measured[name] ??= {})[count] = better(measured[name]?.[count], life);
        const told = Object.entries(life.seconds).map(([what, value]) => `${what} ${value.toFixed(1)} s`);
        console.log(`${name} ${count}: ${told.join(", ")}`);
      }
  return measured;
}
