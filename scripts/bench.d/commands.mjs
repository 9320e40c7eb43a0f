// The commands that read a preview or a state, with as many keys as one engine could not make here in time.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withServices } from "./services.mjs";
import { Stack } from "./stack.mjs";
import { subjects } from "./subjects.mjs";

const command = "dist/cli/main.js";

/** Seconds of a command. 7: something is due. */
export function commandTook(...args) {
  const startedMs = performance.now();
  try {
    execFileSync(process.execPath, [command, ...args], { stdio: "ignore" });
  } catch (error) {
    if (error.status !== 7) throw error;
  }
  return (performance.now() - startedMs) / 1000;
}

let template;

/** What the engine says of a stack with one key. */
function oneKey() {
  return (template ??= withServices((services) => {
    const stack = new Stack(services);
    try {
      stack.program(subjects.dynamic.program(1));
      const preview = JSON.parse(stack.pulumi("preview", "--json", "--show-sames"));
      stack.up();
      return { preview, state: JSON.parse(stack.pulumi("stack", "export")) };
    } finally {
      stack.discard();
    }
  }));
}

const isKey = (urn) => urn.endsWith("::key-0");

/** Each key of the list as many times, under names and ids of its own. */
function multiplied(list, urnOf, count) {
  return list.flatMap((one) => {
    if (!isKey(urnOf(one))) return [one];
    const text = JSON.stringify(one);
    const id = one.id ?? one.newState?.id ?? "no id";
    return Array.from({ length: count }, (_, index) =>
      JSON.parse(text.replaceAll("key-0", `key-${index}`).replaceAll(id, `${id}${index}`)),
    );
  });
}

/** Seconds of `review` and `due` by operation. */
export async function commandSeconds(count) {
  const { preview, state } = await oneKey();
  const dir = mkdtempSync(join(tmpdir(), "apikeys-bench-"));
  const file = (name, value) => {
    writeFileSync(join(dir, name), JSON.stringify(value));
    return join(dir, name);
  };
  try {
    const steps = multiplied(preview.steps, ({ urn }) => urn, count);
    const changeSummary = { ...preview.changeSummary, create: steps.filter(({ op }) => op === "create").length };
    const resources = multiplied(state.deployment.resources, ({ urn }) => urn, count);
    const deployment = { ...state.deployment, resources };
    return {
      review: commandTook(
        ...["review", "--preview", file("preview.json", { ...preview, steps, changeSummary })],
        ...["--project-dir", dir, "--fail-on", "never"],
      ),
      due: commandTook("due", "--state", file("state.json", { ...state, deployment })),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
