/**
 * `pulumi-apikeys/policy`: the review's rules as a policy pack, for users who already run policies.
 *
 * A pack sees only the new state. Rules that compare it with the old one exist only in the command: SR002 (read becomes
 * write), SR013 (scope removed), SR014 (expiry extended), SR019 (protection removed), SR021 (connection moved), SR023
 * (new code), SR024 (new server), SR025 (other than asked), SR028 (administrative access), SR029 (scope explained by the
 * connection), SR030 (taken over), SR031 (disabled access) and SR033 (new consumer). So do SR016, SR022 and SR032: a pack gets secrets without their mark, and knows nothing of files.
 */
import { readFileSync } from "node:fs";
import type { StackValidationArgs, StackValidationPolicy } from "@pulumi/policy";
import * as yaml from "yaml";
import { exactText } from "../review/exact-text";
import { findings } from "../review/findings";
import { plainMessage } from "../review/inert";
import type { Level } from "../review/levels";
import { parsePolicy } from "../review/parse-policy";
import { defaultPolicy, possibleLevels, type Policy } from "../review/policy";
import { rules } from "../review/rules/index";
import { packContext } from "./pack-context";

export { apikeysApproved, type ApikeysApprovedOptions } from "./approved";

export interface ApikeysPolicyOptions {
  /**
   * The same `apikeys-review.yaml` that the command reads. Its levels become enforcement levels (`block` is mandatory,
   * `warn` and `info` are advisory); its limits, waivers and catalogues apply.
   *
   * @default the rules' own levels and limits
   */
  readonly policyFile?: string;
  /**
   * The clock for ages and expiries.
   *
   * @default now
   */
  readonly nowMs?: () => number;
}

/** The policies, for `new PolicyPack("apikeys", { policies: apikeysPolicies({ policyFile }) })`. */
export function apikeysPolicies(options: ApikeysPolicyOptions = {}): StackValidationPolicy[] {
  const policy = options.policyFile === undefined ? defaultPolicy : load(options.policyFile);
  const nowMs = options.nowMs ?? Date.now;
  return rules
    .filter(({ needs }) => needs === "new-state")
    .flatMap((rule) => {
      // A policy has one enforcement level, but a rule may have several: by environment and by stack.
      const levels = [...new Set(possibleLevels(policy.document, rule).map((level) => enforcement[level]))].sort();
      return levels.map((level): StackValidationPolicy => ({
        name: `${rule.id}-${rule.title.replace(/[^a-z0-9]+/gi, "-").toLowerCase()}${levels.length > 1 ? `-${level}` : ""}`,
        description: plainMessage(rule.help),
        enforcementLevel: level,
        validateStack: ({ resources }: StackValidationArgs, reportViolation) => {
          // A finding has a masked URN if a name looks like a secret; the engine needs the original.
          const urns = new Map(resources.map(({ urn }) => [exactText(urn), urn]));
          for (const finding of findings(packContext(resources, policy, nowMs()), [rule])) {
            if (finding.waived || enforcement[finding.level] !== level) continue;
            const words = `${rule.id}: ${plainMessage(finding.message)}. ${plainMessage(rule.help)}`;
            reportViolation(words, urns.get(finding.urn) ?? finding.urn);
          }
        },
      }));
    });
}

const enforcement: Readonly<Record<Level, "mandatory" | "advisory">> = {
  block: "mandatory",
  warn: "advisory",
  info: "advisory",
};

function load(file: string): Policy {
  const parsed = parsePolicy(readFileSync(file, "utf8"), file, yaml);
  if ("policy" in parsed) return parsed.policy;
  throw new Error(`${file} is not a policy file: ${parsed.problems.join(" ")}`);
}
