import { execFile } from "node:child_process";
import { identify } from "../review/ours";
import { isRecord } from "../review/preview-form";
import { canonicalJson } from "../review/canonical";

/** The stack whose state is read. */
export interface StackPlace {
  /** The value of the update's `--stack`, for example `acme/prod`. Default: the stack of the report. */
  readonly stack?: string;
  /** Folder of Pulumi.yaml; default: the current directory. */
  readonly projectDir?: string;
}

/**
 * The id of an account as the running update has recorded it. The engine records a resource before it lets the program
 * go on, so a caller that has the real id finds it there. A resource that waits for deletion does not count.
 */
export async function recordedAccount(
  urn: string,
  target: unknown,
  { stack, projectDir }: StackPlace,
): Promise<{ readonly id: string } | { readonly mistake: string }> {
  // A state that is written in the background may be a moment late. Three readings without an answer mean that there is
  // none.
  for (let reading = 1; reading <= 3; reading += 1) {
    const resources = await exported(stack, projectDir);
    if (!resources) return { mistake: "the state could not be read, so nobody can tell whose account it has" };
    const record = resources.find(
      (each) => isRecord(each) && each.urn === urn && each.delete !== true && typeof each.id === "string",
    );
    if (!isRecord(record) || !isRecord(record.inputs)) continue;
    const found = identify({
      urn,
      type: String(record.type),
      custom: true,
      protect: false,
      retainOnDelete: false,
      pendingDelete: false,
      inputs: record.inputs,
      outputs: {},
      propertyDependencies: {},
    });
    if (found.kind !== "ours" || found.unit !== "account")
      return { mistake: "the id of its account belongs to something else" };
    if (canonicalJson(record.inputs.target) !== canonicalJson(target))
      return { mistake: "its account is on another service" };
    return { id: String(record.id) };
  }
  return { mistake: "the state does not have its account yet" };
}

function exported(stack: string | undefined, projectDir: string | undefined): Promise<readonly unknown[] | undefined> {
  const args = ["stack", "export", "--non-interactive", ...(stack === undefined ? [] : ["--stack", stack])];
  return new Promise((done) => {
    execFile(
      "pulumi",
      args,
      { ...(projectDir === undefined ? {} : { cwd: projectDir }), maxBuffer: 1024 * 1024 * 1024, timeout: 120_000 },
      (error, stdout) => {
        done(error ? undefined : resourcesIn(stdout));
      },
    );
  });
}

function resourcesIn(text: string): readonly unknown[] | undefined {
  try {
    const state: unknown = JSON.parse(text);
    const deployment = isRecord(state) ? state.deployment : undefined;
    const resources: unknown = isRecord(deployment) ? deployment.resources : undefined;
    return Array.isArray(resources) ? (resources as unknown[]) : [];
  } catch {
    // The caller refuses a value that it cannot compare.
    return undefined;
  }
}
