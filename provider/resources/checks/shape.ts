/** The form of inputs, on any service. */
import { z } from "zod";
import { kindOf } from "../../secrets/redact";
import { nearestWord } from "../../scopes";
import { isUnknown } from "../../values/wire";
import { onDisabledChoices } from "../disabled";
import type { Failures } from "./failures";

/** The fields of a resource's inputs, each with the schema of its known values. */
export type InputShape = Readonly<Record<string, z.ZodType>>;

// Written out once: zod's own messages can quote the value.
const text = z.string({ error: "write text" });
const flag = z.boolean({ error: "write true or false" });
const plain = z.union([z.string(), z.number(), z.boolean()], { error: "write text" });
const textMap = z.record(z.string(), plain, { error: 'write a map of texts, such as { reason: "leak" }' });

/** What `name`, `description` and labels may hold: anything but control characters. */
const hasControlCharacters = (value: string) => /[\u0000-\u001f\u007f-\u009f]/.test(value);
const freeTextOr = (error: string) =>
  z.string({ error }).refine((value) => !hasControlCharacters(value), { error: "take the control characters out" });
export const freeText = freeTextOr("write text");

/** Which object is adopted. The error for a wrong name must not quote its value, which may be a secret. */
function adopted(id: string, ...more: readonly string[]): z.ZodType {
  const words = [`${id}: "…"`, ...more.map((name) => `${name}?: "…"`)].join(", ");
  const isRight = (value: Readonly<Record<string, unknown>>) =>
    typeof value[id] === "string" &&
    value[id] !== "" &&
    Object.keys(value).every((name) => [id, ...more].includes(name));
  return z.record(z.string(), text, { error: `write { ${words} }` }).refine(isRight, { error: `write { ${words} }` });
}

export const fieldSchemas = {
  /** The field has its own check, with better messages. */
  judgedApart: z.unknown(),
  text,
  flag,
  textMap,
  freeText,
  emergency: freeTextOr(
    'write a text that no earlier run had, such as "leak 2026-11-26": each new text makes a new key and revokes every older one',
  ),
  labels: z
    .record(z.string(), freeText, { error: 'write a map of texts, such as { owner: "team-a" }' })
    .refine((labels) => !Object.keys(labels).some(hasControlCharacters), {
      error: "take the control characters out of its keys",
    }),
  scopes: z.array(text, { error: "write a list of scope names" }),
  adoptKey: adopted("keyId", "secret"),
  adoptAccount: adopted("accountId"),
  origin: text,
  firstRotation: z.enum(["due", "now"], { error: 'write "due" or "now"' }),
  onDisabled: z.enum(onDisabledChoices, { error: 'write "ignore", "replace" or "enable"' }),
} as const;

/**
 * Checks the known values of the inputs. Unknown values (of a preview) pass until they are known. A name without a
 * schema is most likely a typing error.
 */
export function checkShape(shape: InputShape, news: Readonly<Record<string, unknown>>, failures: Failures): void {
  for (const [name, value] of Object.entries(news)) {
    if (name === "__provider" || value === undefined || isUnknown(value)) continue;
    const schema = shape[name];
    if (!schema) {
      const near = nearestWord(name, Object.keys(shape));
      failures.add(name, `there is no input "${name}"${near ? `; did you mean "${near}"?` : ""}`);
      continue;
    }
    const result = schema.safeParse(value);
    if (!result.success) {
      const issue = result.error.issues[0];
      const at = issue?.path ?? [];
      const wrong = at.reduce<unknown>(
        (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
        value,
      );
      failures.add(name, `"${[name, ...at].join(".")}" is ${kindOf(wrong)}: ${issue?.message ?? "not valid"}`);
    }
  }
}
