import { createRequire } from "node:module";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";

let isFound: boolean | undefined;

/**
 * The engine runs the resources in a process of its own, which loads this package from the program's folder. A library that has
 * it as a dependency of its own is not enough where the package manager isolates packages, as pnpm does.
 *
 * @throws RunError - says what to install and where
 */
export function assertLoadable(): void {
  isFound ??= !isEngineProgram() || isLoadableFrom(process.cwd());
  if (!isFound)
    throw new pulumi.RunError(
      `the engine loads pulumi-apikeys from the folder of the Pulumi program, ${process.cwd()}, and does not find it there: a library of the program has it for itself. Add it to the dependencies of the program's own package.json, with that of @pulumi/pulumi: run "npm install pulumi-apikeys" (or "pnpm add pulumi-apikeys") in that folder.`,
    );
}

/** Unit tests and inline programs of the Automation API run elsewhere than the engine loads from. */
function isEngineProgram(): boolean {
  return /[\\/]@pulumi[\\/]pulumi[\\/]cmd[\\/]run[\\/]/.test(require.main?.filename ?? "");
}

function isLoadableFrom(folder: string): boolean {
  try {
    createRequire(join(folder, "index.js")).resolve("pulumi-apikeys/runtime");
    return true;
  } catch {
    return false;
  }
}
