// Reads the output of `pulumi stack export` on standard input. Prints one line for each operation that a killed run
// left pending; with --root, the URN of the stack itself.
import { readFileSync } from "node:fs";

const { deployment } = JSON.parse(readFileSync(0, "utf8"));
if (process.argv[2] === "--root")
  console.log(deployment.resources.find(({ type }) => type === "pulumi:pulumi:Stack").urn);
else
  for (const { type, resource } of deployment?.pending_operations ?? [])
    // A name is the program's text: its line breaks must not start lines of the log.
    console.log(`  ${JSON.stringify(String(type))} ${JSON.stringify(String(resource.urn))}`);
