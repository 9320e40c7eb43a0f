import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
// In a company this is the package @acme/keys.
import { TeamKey, type TeamKeyArgs } from "./library";

// Teams ask for a key with a pull request on this file.
const teams = JSON.parse(readFileSync("teams.json", "utf8")) as Record<string, TeamKeyArgs>;
const keys = Object.entries(teams).map(([name, args]) => [name, new TeamKey(name, args).published] as const);

export const published = pulumi.secret(pulumi.all(Object.fromEntries(keys)));
