import { z } from "zod";
import { parseDuration } from "../provider/values/durations";
import { scopeLevels } from "../provider/scopes";
import { vendorNamed } from "../provider/vendors";
import { levels, ruleIds } from "./levels";

/**
 * The form of `apikeys-review.yaml`. Loaded only if there is such a file, because the schema library takes time to
 * load.
 */

const duration = z
  .string()
  .refine((value) => typeof parseDuration(value) === "number", {
    error: "is not a duration; write a whole number and a unit, such as 90d",
  })
  .meta({ pattern: "^[0-9]{1,9}[smhdw]$", examples: ["90d"] });

const pattern = z.string().refine(isRegExp, { error: "is not a regular expression" }).meta({ format: "regex" });

const level = z.enum(levels);

/** Settings for every stack, for one environment, or for one stack. */
const settings = {
  rules: z
    .partialRecord(z.enum(ruleIds), level)
    .optional()
    .meta({ description: "The level of a rule, where it differs from the default." }),
  maxKeyAge: duration.optional().meta({ description: "SR005: how old a key may get. Default 90d." }),
  maxKeyLife: duration.optional().meta({ description: "SR006: how long a key may be valid. Default 90d." }),
  maxKeysPerAccount: z
    .int()
    .min(1)
    .optional()
    .meta({ description: "SR011: how many live keys an account may have. Default 5." }),
  requiredLabels: z
    .array(z.string().min(1))
    .optional()
    .meta({ description: "SR007: labels that every account needs. Default owner and purpose." }),
  namePattern: pattern.optional().meta({ description: "SR008: what a name must look like. No default." }),
  neverGrant: z.array(z.string().min(1)).optional().meta({
    description:
      "SR004: scopes that nobody gets; `*` stands for any text. Lists of a stack and an environment add to it.",
  }),
};

const waiver = z
  .strictObject({
    rule: z.enum(ruleIds),
    urn: z.string().min(1).meta({ description: "The resource, as the finding names it." }),
    code: z
      .string()
      .regex(/^([0-9a-f]{64}|hidden)$/, { error: "is neither a SHA-256 in hex nor `hidden`" })
      .optional()
      .meta({
        description:
          "SR021, SR023, SR024, SR029, SR031, SR032: the SHA-256 of the server, of the code that somebody has read, of the claim, or of the access that comes back, as the finding names it. `hidden` = whatever the resource runs, while nobody can read it.",
      }),
    covers: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .optional()
      .meta({
        description:
          "SR001 to SR004, SR027, SR028, SR030, SR033: the scope, account, id or URN that it covers, as the finding names it, or a list. Left out, one of SR001 to SR004 covers what was there before, and the first finding of its rule at the resource.",
      }),
    reason: z.string().optional(),
    approver: z.string().optional(),
    until: z
      .union([z.iso.date(), z.iso.datetime({ offset: true })])
      .optional()
      .meta({ description: "The last day on which it holds, e.g. 2027-01-31." }),
  })
  .meta({
    description:
      "An exception. Without reason, approver or end, or past its end, it does not hold and is a finding itself (SR020).",
  });

const catalogue = z
  .strictObject({
    scopesOnKeys: z
      .boolean()
      .optional()
      .meta({ description: "false: keys have no scopes, the account's role decides." }),
    scopes: z
      .record(
        z.string().min(1),
        z.strictObject({
          implies: z.array(z.string().min(1)).optional(),
          level: z.enum(scopeLevels).optional(),
          mintsKeys: z.boolean().optional(),
        }),
      )
      .optional(),
    open: z
      .strictObject({
        pattern,
        example: z.string(),
        levels: z
          .record(z.string().min(1), z.enum(scopeLevels))
          .optional()
          .meta({ description: "What words can do, by what they begin with, e.g. `project:` = read." }),
      })
      .optional(),
  })
  .meta({ description: "The scopes of a backend that is not built in, by the name that the connection gives it." });

export const policySchema = z
  .strictObject({
    version: z.literal(1).optional(),
    ...settings,
    environments: z
      .record(z.string(), z.strictObject(settings))
      .optional()
      .meta({ description: "Settings for keys of one environment, e.g. live or test." }),
    stacks: z
      .record(z.string(), z.strictObject(settings))
      .optional()
      .meta({ description: "Settings for one stack, by its whole name. They win over environments." }),
    waivers: z.array(waiver).optional(),
    catalogues: z.record(z.string(), catalogue).optional(),
  })
  .meta({ title: "apikeys-review.yaml", description: "What `apikeys review` reports, and at which level." });

export type PolicyDocument = z.infer<typeof policySchema>;
export type Waiver = z.infer<typeof waiver>;

/** The JSON schema that editors use for `apikeys-review.yaml`, shipped as `review/schema.json`. */
export function policyJsonSchema(): unknown {
  return z.toJSONSchema(policySchema, { target: "draft-07" });
}

/** Checks a parsed document. Each problem names the field and what is wrong with it. */
export function checkPolicy(value: unknown): { readonly document: PolicyDocument } | { readonly problems: string[] } {
  // An empty file is a policy that changes nothing, which CI uses for a repository without one.
  const parsed = policySchema.safeParse(value ?? {});
  if (!parsed.success) return { problems: parsed.error.issues.map(describeIssue) };
  const problems = Object.entries(parsed.data.catalogues ?? {}).flatMap(([name, { scopes, open, scopesOnKeys }]) => {
    if (vendorNamed(name)) return [`catalogues.${name}: is built in and cannot be replaced; remove it.`];
    if (scopesOnKeys === false && (scopes !== undefined || open !== undefined)) {
      return [`catalogues.${name}: says that keys have no scopes and lists some; remove one of the two.`];
    }
    if (scopesOnKeys !== false && scopes === undefined && open === undefined) {
      return [`catalogues.${name}: needs \`scopes\`, \`open\`, or \`scopesOnKeys: false\`.`];
    }
    return [];
  });
  return problems.length > 0 ? { problems } : { document: parsed.data };
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const field = issue.path.map(String).join(".") || "the file";
  if (issue.code === "unrecognized_keys") {
    const known = issue.path.length === 0 ? `; known are ${Object.keys(policySchema.shape).join(", ")}` : "";
    return `${field}: unknown key ${issue.keys.map((key) => `"${key}"`).join(", ")}${known}.`;
  }
  return `${field}: ${issue.message}.`;
}

function isRegExp(source: string): boolean {
  try {
    new RegExp(source, "u");
    return true;
  } catch {
    // An unreadable value is not one: that is the answer.
    return false;
  }
}
