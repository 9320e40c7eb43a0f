/**
 * A service that says whatever it likes: ten thousand answers, in which a secret stands in some form at some
 * place, under some status, in the middle of some story. Nothing that leaves the process may show eight
 * characters of it, nothing may end in a sentence that nobody wrote, and no key may be lost.
 */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { createConnections } from "../../provider/connections";
import { withExplainedErrors } from "../../provider/explain";
import { forgetSecrets } from "../../provider/known-secrets";
import { createApiKeyProvider } from "../../provider/resources/api-key";
import { type ResourceContext, warn } from "../../provider/resources/context";
import { plainMarking } from "../../provider/resources/marking";
import { createServiceAccountProvider } from "../../provider/resources/service-account";
import { withSecretBoundary } from "../../provider/secret-boundary";
import { isSecret } from "../../provider/wire";
import { echoesOf, windowsIn } from "../support/echoes";
import { answerPlaces, errorPlaces, HostileService, type Lie, type Product } from "./support/hostile-service";

const numRuns = Number(process.env.APIKEYS_RUNS ?? 12_500);

const service = new HostileService();
// The client loads it with its first request.
jest.doMock("undici", () => ({ ...jest.requireActual<object>("undici"), request: service.request }));

const origin = "acme/billing/dev/export";
const statuses = [
  301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 408, 409, 410, 418, 422, 429, 451, 499, 500, 502, 503, 599,
];
const stories = ["create", "lost create", "read", "update", "delete", "account", "login"] as const;
/** What says of a create nothing at all. */
const unclearStatuses = [301, 307, 408, 499, 500, 503];
/** An id that is told after it, and is none by its looks; of a secret in other words nobody could say so. */
const oddIds = ["twice", "with blanks between", "with zeros between", "on two lines", "far from the beginning"];
const formNames = Object.keys(echoesOf("x".repeat(40)));
const numbers = ["1".repeat(8_000), "0", "-1", "99999999999", "Fri, 31 Dec 9999 23:59:59 GMT"];

interface Case {
  readonly product: Product;
  readonly story: (typeof stories)[number];
  readonly about: "admin" | "key";
  readonly form: string;
  readonly lie: Omit<Lie, "words" | "tellsKey">;
  readonly seed: string;
  readonly number: number;
}

const alphanumeric = fc.string({
  unit: fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".split("")),
  minLength: 40,
  maxLength: 40,
});

const cases: fc.Arbitrary<Case> = fc.record({
  product: fc.constantFrom<Product>("pulsely", "novavms", "pulseapi"),
  story: fc.constantFrom(...stories),
  about: fc.constantFrom("admin", "key"),
  form: fc.constantFrom(...formNames),
  seed: alphanumeric.filter((text) => /\d/.test(text) && /[a-z]/.test(text)),
  number: fc.nat(numbers.length - 1),
  lie: fc.oneof(
    fc.record({
      at: fc.constantFrom(1, 1, 1, 1, 1, 1, 2, 3),
      on: fc.boolean(),
      acts: fc.boolean(),
      status: fc.constantFrom(...statuses),
      place: fc.constantFrom(...errorPlaces),
    }),
    fc.record({
      at: fc.constantFrom(1, 1, 1, 1, 1, 1, 2, 3),
      on: fc.boolean(),
      acts: fc.constant(true),
      status: fc.constantFrom(200, 204),
      place: fc.constantFrom(...answerPlaces),
    }),
  ),
});

/** What the provider prints ends up with what people read. */
let printedLines: string[] = [];
beforeEach(() => {
  jest.spyOn(console, "log").mockImplementation((line: unknown) => void printedLines.push(String(line)));
});
afterEach(() => void jest.restoreAllMocks());

/** The secret of a product's key, and what of it nobody may store in clear. */
const secretOf: Readonly<Record<Product, (random: string) => string>> = {
  pulsely: (random) => `ply_live_${random}`,
  novavms: (random) => `sk_live_${random}`,
  pulseapi: (random) => `57|${random}`,
};
const hiddenPart: Readonly<Record<Product, (secret: string) => string>> = {
  pulsely: (secret) => secret.slice(9),
  novavms: (secret) => secret.slice(8),
  pulseapi: (secret) => secret.slice(3, -8),
};

/** Everything that somebody gets to read, and everything that is stored in clear. */
interface Told {
  readonly read: string[];
  readonly stored: string[];
}

/** The story of an account has no key that anybody was told, and one of a lost key has nothing else to tell. */
function secretOfStory({ product, story, about }: Case): Case["about"] {
  if (story === "account" && product === "novavms") return "admin";
  return story === "lost create" ? "key" : about;
}

async function run(chosen: Case): Promise<void> {
  const { product, story, form, lie, seed, number } = chosen;
  const about = secretOfStory(chosen);
  forgetSecrets();
  const backwards = Array.from(seed).reverse().join("");
  const admin = `adm-${backwards}`;
  const password = `Pw~${backwards}!`;
  const credential = story === "login" ? `root:${password}` : admin;
  service.reset(credential);
  const secret = secretOf[product](seed);
  service.draw(secret);
  const told: Told = { read: [], stored: [] };
  printedLines = told.read;
  const provider = open(product, story, credential, told);
  const inputs = await provider.inputs();
  const before = await provider.prepare(inputs);
  service.requests = 0;
  const isNew = before === undefined && about === "key";
  service.told = liesOf(
    { product, story, form, lie, seed, number, about },
    { isNew, secretOfAdmin: story === "login" ? password : undefined },
  );
  await provider.act(inputs, before);
  expect(service.requests).toBeLessThan(40);
  const read = [...new Set(told.read)].join("\n----\n");
  const known = story === "login" ? password : admin;
  const printed = windowsIn(read, known, secret);
  if (printed.length > 0) throw new Error(`${printed.join(", ")} is in\n${read}`);
  expect(read).not.toMatch(/unexpected \w*Error/i);
  const stored = [...new Set(told.stored)].join("\n----\n");
  const clear = windowsIn(stored, known, hiddenPart[product](secret));
  if (clear.length > 0) throw new Error(`${clear.join(", ")} is stored in clear in\n${stored}`);
  // What lives on the service is in the state, or its name is in the user's hands.
  const all = `${read}\n${stored}`;
  for (const key of service.keys)
    if (key.active)
      expect({ all, found: all.includes(key.name) || told.stored.includes(key.id) }).toEqual({ all, found: true });
}

/** What the service says in the story, in the order in which it begins to. */
function liesOf(
  { story, about, form, lie, number }: Case,
  { isNew, secretOfAdmin }: { readonly isNew: boolean; readonly secretOfAdmin: string | undefined },
): readonly Lie[] {
  const isLost = story === "lost create";
  // A key that was never told is known by its looks alone: as it is, or where the same answer has it in a field of
  // its own. After a create that was lost, nothing that the service says is told.
  const how =
    (isNew && lie.place === "text" && !isLost) || (isLost && lie.place === "id" && !oddIds.includes(form))
      ? "as it is"
      : form;
  const words: Lie["words"] = ({ admin, key }) =>
    lie.place === "retry after"
      ? (numbers[number] ?? "")
      : (echoesOf(about === "key" ? key : (secretOfAdmin ?? admin))[how] ?? "");
  const told: Lie = {
    ...lie,
    // Nobody can know better than a service that says no, and has done it.
    acts: lie.acts && (lie.status < 400 || lie.status >= 500 || [408, 499].includes(lie.status)),
    tellsKey: isNew && !isLost,
    words,
  };
  if (!isLost) return [told];
  const status = unclearStatuses[number % unclearStatuses.length] ?? 500;
  const silent: Lie = { at: 1, on: false, acts: true, status, place: "nowhere", tellsKey: false, words: () => "" };
  // A service that lies of every id, and acknowledges the revocation of what is none, cannot be found out.
  return [silent, { ...told, at: told.at + 1, on: lie.on && lie.place !== "id" }];
}

/** The runtime's own layers over one connection to the hostile service. */
function open(product: Product, story: Case["story"], credential: string, told: Told) {
  const backend = story === "login" ? "zenml" : product;
  const connection = {
    backend,
    url: `http://127.0.0.1:1/${backend}`,
    tokenEnv: "ADMIN",
    retryBudget: "0s",
    allowUndocumentedEndpoints: product === "novavms" || undefined,
  };
  const settings = JSON.stringify({ default: connection });
  const config = { get: (key: string) => (key === "apikeys:connections" ? settings : undefined) };
  let nowMs = 0;
  const context: ResourceContext = {
    marking: plainMarking,
    connections: createConnections(config, { ADMIN: credential }),
    nowMs: () => Date.parse("2026-06-15T12:00:00Z"),
    warn,
    clock: {
      nowMs: () => nowMs,
      sleep: (ms) => {
        nowMs += ms;
        return Promise.resolve();
      },
    },
  };
  const isAccount = story === "account" && product === "novavms";
  const provider = isAccount
    ? withExplainedErrors("ServiceAccount", () => withSecretBoundary(createServiceAccountProvider(context) as never))
    : withExplainedErrors("ApiKey", () => withSecretBoundary(createApiKeyProvider(context) as never));
  const note = (answer: unknown): never => {
    collect(answer, told.stored);
    return answer as never;
  };
  const noteError = (error: unknown): undefined => {
    const { message, stack, reasons = [], properties } = error as Error & { reasons?: string[]; properties?: object };
    // Of the stack what the error says of itself; the rest are names of our own files.
    told.read.push(message, (stack ?? "").split("\n    at ", 1)[0] ?? "", ...reasons);
    collect(properties, told.stored);
    return undefined;
  };
  const program = {
    origin,
    ...(isAccount
      ? { role: "viewer" }
      : backend === "zenml"
        ? { serviceAccountId: "acc-0" }
        : {
            scopes: [product === "novavms" ? "cameras:read" : product === "pulsely" ? "read:checks" : "monitors:read"],
          }),
    ...(product === "novavms" && !isAccount && backend !== "zenml" && { serviceAccountId: "acc-0" }),
    __provider: "text",
  };
  return {
    async inputs(): Promise<never> {
      const { inputs, failures = [] } = (await provider.check({}, program)) as unknown as {
        inputs: never;
        failures?: { reason: string }[];
      };
      expect(failures).toEqual([]);
      return inputs;
    },
    /** What the story begins with. */
    async prepare(inputs: never): Promise<{ id: string; outs: never } | undefined> {
      if (story === "create" || story === "lost create" || story === "login" || (story === "account" && !isAccount))
        return undefined;
      return (await provider.create(inputs)) as { id: string; outs: never };
    },
    async act(inputs: never, before: { id: string; outs: never } | undefined): Promise<void> {
      if (!before) {
        await provider.create(inputs).then(note, noteError);
        return;
      }
      const { id, outs } = before;
      const olds = plain(outs) as never;
      if (story === "read") await provider.read(id, olds).then(note, noteError);
      else if (story === "update") {
        const news = { ...(inputs as object), name: "renamed" } as never;
        await provider.update(id, olds, news).then(note, noteError);
      } else if (story === "delete") await provider.delete(id, olds).then(note, noteError);
      else {
        await provider.read(id, olds).then(note, noteError);
        await provider.create(inputs).then(note, noteError);
        await provider.delete(id, olds).then(note, noteError);
      }
      // The record from before is in the state still.
      collect(outs, told.stored);
    },
  };
}

/** As the engine hands them over: without the marks of secrets. */
function plain(record: object): object {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === "object" && value !== null && isSecret(value)
        ? (value as unknown as { value: string }).value
        : value,
    ]),
  );
}

/** All texts that are not encrypted. */
function collect(value: unknown, into: string[]): void {
  if (typeof value === "string") into.push(value);
  else if (Array.isArray(value)) for (const each of value) collect(each, into);
  else if (typeof value === "object" && value !== null && !isSecret(value))
    for (const [name, each] of Object.entries(value)) {
      into.push(name);
      collect(each, into);
    }
}

const example: Omit<Case, "lie"> = {
  product: "pulsely",
  story: "lost create",
  about: "key",
  form: "with blanks between",
  seed: "rDR5PyNjN9zBxwKEJvhbVjTnNd9odkNTPIT5LVkF",
  number: 0,
};
const lie: Case["lie"] = { at: 1, on: false, acts: true, status: 204, place: "id" };

test.each<[string, Case]>([
  [
    "the search for a lost key is redirected to an address that holds it",
    { ...example, story: "create", lie: { at: 1, on: true, acts: false, status: 301, place: "a page" } },
  ],
  [
    "the search for a lost key is refused in words that hold it",
    { ...example, lie: { ...lie, status: 403, place: "message" } },
  ],
  [
    "the search for a lost key is refused with it as the request's id",
    { ...example, lie: { ...lie, status: 403, place: "request id" } },
  ],
  [
    "the list has the lost key under an id that it does not go by",
    { ...example, product: "pulseapi", form: "as it is", lie },
  ],
  [
    "the revocation of the lost key is refused, and its id is the key",
    { ...example, lie: { ...lie, at: 2, status: 500, place: "message" } },
  ],
])("%s, and nothing is shown, stopped or lost", (_title, known) => run(known));

test("thousands of answers of a hostile service show nothing, stop nothing and lose nothing", async () => {
  await fc.assert(fc.asyncProperty(cases, run), {
    numRuns,
    endOnFailure: true,
  });
  // Some stories end before their lie: of 12,500 more than 10,000 hear one.
  expect(service.lies).toBeGreaterThanOrEqual(0.8 * numRuns);
}, 600_000);
