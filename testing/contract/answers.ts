/** Promises about bad answers in the middle of a call. */
import assert from "node:assert/strict";
import type { Capabilities } from "../../provider/backends/definition";
import { isUnclear, ProviderError } from "../../provider/errors";
import { forgetSecrets } from "../../provider/secrets/known-secrets";
import { assertHoldsNone, assertIsOneOf } from "../assertions";
import { type Interruption, type PassingRequest, type ServiceDouble, startServiceDouble } from "../service-double";
import { type Contract, type Workbench } from "../workbench";
import { wrongTokenOf } from "../unlike";
import { accountCreation, callsOf, chosenSecret, type Creation, creation, type PrepareCall } from "./calls";

/** More requests than any call needs. */
const mostRequests = 20;

/** Bad answers in the middle of a call. A double in front of the service gives them. */
export function answerContract(can: Capabilities): Contract {
  const fails = (way: Interruption) => (bench: Workbench) => interrupted(bench, callsOf(bench), () => way);
  return {
    "an answer that is empty is an error, and makes nothing look gone": fails({ exchange: () => "" }),
    "an answer of another form is an error, and makes nothing look gone": fails({
      exchange: (answer) => (Array.isArray(answer) ? '[{"hello":"world"}]' : '{"hello":"world"}'),
    }),
    "a refusal in the middle of a call is an error, and makes nothing look gone": async (bench) => {
      // Without the creates: a refused create is allowed to fail as refused.
      const { createKey: _key, createServiceAccount: _account, ...others } = callsOf(bench);
      await interrupted(bench, others, () => ({ status: 403 }));
      const body = await refusalInSuccess(bench);
      if (body !== undefined) await interrupted(bench, callsOf(bench), () => ({ status: 200, body }));
    },
    "a create of several calls that is refused half-way leaves nothing behind, or is unclear": async (bench) => {
      await halfRefused(bench, "createKey", () => creation(bench));
      if (can.serviceAccounts)
        await halfRefused(bench, "createServiceAccount", () => Promise.resolve(accountCreation(bench)));
    },
    "an outage in the middle of a call is an error, and makes nothing look gone": fails({ status: 500 }),
    "a create whose answer is lost is unclear, and is not sent again": (bench) => createIsSentOnce(bench, can),
    "a refusal that quotes the request reveals no secret": async (bench) => {
      const chosen = { "createKey with a chosen secret": () => creation(bench, chosenSecret()) };
      await interrupted(bench, { ...callsOf(bench), ...(can.secret.callerChosen && chosen) }, quote);
      await quotedLogin(bench);
    },
  };
}

/** After a refusal the lifecycle assumes that nothing was made, and does not search for what an earlier request has made. */
async function halfRefused(bench: Workbench, method: string, make: () => Promise<Creation>): Promise<void> {
  await withDouble(bench, "0s", async (double, client) => {
    for (let from = 2, isReached = true; isReached && from <= mostRequests; from += 1) {
      const call = await make();
      double.interrupt((_request, count) => (count < from ? undefined : { status: 403 }));
      const outcome = await settled(call.run(client));
      const refused = double.requests.slice(from - 1);
      isReached = refused.length > 0;
      double.passOn();
      const what = `${method}, refused at its request ${from},`;
      if (isReached && "told" in outcome) await truthOf(() => call.assertTrue(outcome.told), what);
      if (isReached && "error" in outcome) {
        if (!isUnclear(outcome.error))
          assert.ok(
            !(await call.isThere()),
            `${what} has left something that no search finds: remove it, or run the later requests through "halfMade", which reports that it may exist`,
          );
        for (const id of refused.flatMap(partsOf))
          assert.ok(
            !(await call.isHidden?.(id)),
            `${what} has made a key that is missing in listKeys, so that no search finds it: a list must contain every key that may live, also half-made and disabled ones`,
          );
      }
      await call.clean();
    }
  });
}

/** What may be an id in the path of a request. */
function partsOf({ path }: PassingRequest): string[] {
  const [at = ""] = path.split("?");
  return at
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
}

/** What the service says to a credential that it does not accept, if its status claims a success: `200 {"ok": false}`. */
async function refusalInSuccess(bench: Workbench): Promise<string | undefined> {
  const double = await startServiceDouble(bench.harness.url);
  try {
    const { client } = bench.connectAs({ url: double.url, token: wrongTokenOf(bench.harness) });
    const parent = await bench.parent();
    let told: string | undefined;
    double.interrupt(() => {
      told = undefined;
      return { exchange: (answer) => (told = JSON.stringify(answer)) };
    });
    await settled(client.listKeys(parent));
    return told;
  } finally {
    await double.close();
  }
}

type Way = (request: PassingRequest, known: readonly string[]) => Interruption;

/**
 * Makes each call again and again, interrupted from its first request on, from its second, and so on.
 * It must fail, or still tell the truth.
 */
export async function interrupted(
  bench: Workbench,
  calls: Readonly<Record<string, PrepareCall>>,
  way: Way,
): Promise<void> {
  await withDouble(bench, "0s", async (double, client) => {
    for (const [name, prepare] of Object.entries(calls)) {
      for (let from = 1, isReached = true; isReached && from <= mostRequests; from += 1) {
        const call = await prepare();
        const known = [bench.harness.token, ...call.secrets];
        // As in a new process, which knows no secret yet.
        forgetSecrets();
        double.interrupt((request, count) => (count < from ? undefined : way(request, known)));
        const outcome = await settled(call.run(client));
        const { requests } = double;
        double.passOn();
        isReached = requests.length >= from;
        const what = `${name}, whose request ${from} (${requests[from - 1]?.method ?? "none"}) is not answered as usual,`;
        if ("error" in outcome) {
          assertIsOneOf(outcome.error, [ProviderError], what);
          assertHoldsNone(outcome.error, [...known, ...requests.flatMap((each) => secretsOf(each, known))], what);
        } else await truthOf(() => call.assertTrue(outcome.told), what);
        await call.clean();
      }
    }
  });
}

export async function withDouble(
  bench: Workbench,
  retryBudget: string,
  use: (double: ServiceDouble, client: Workbench["client"]) => Promise<void>,
): Promise<void> {
  const double = await startServiceDouble(bench.harness.url);
  try {
    const { client } = bench.connectAs({ url: double.url, fields: { retryBudget } });
    // A login, if there is one, is over before anything is interrupted.
    await client.listKeys(await bench.parent());
    await use(double, client);
  } finally {
    await double.close();
  }
}

type Outcome = { readonly told: unknown } | { readonly error: unknown };

export function settled(call: Promise<unknown>): Promise<Outcome> {
  return call.then(
    (told) => ({ told }),
    (error: unknown) => ({ error }),
  );
}

export async function truthOf(check: () => Promise<void>, what: string): Promise<void> {
  try {
    await check();
  } catch (error) {
    throw new Error(`${what} must fail or tell the truth: ${error instanceof Error ? error.message : "it lies"}`, {
      cause: error,
    });
  }
}

/** The creation of an account may be repeated, because a leftover is adopted; that of a key may not. */
async function createIsSentOnce(bench: Workbench, { idempotentCreate }: Capabilities): Promise<void> {
  await withDouble(bench, "5s", async (double, client) => {
    for (const lost of [{ status: 500 }, { exchange: () => "" }, "drop"] as const) {
      for (let at = 1, isReached = true; isReached && at <= mostRequests; at += 1) {
        const call = await creation(bench);
        const isCreate = ({ method, body }: PassingRequest) => method === "POST" && body.includes(call.name);
        double.interrupt((_request, count) => (count === at ? lost : undefined));
        const outcome = await settled(call.run(client));
        const [failed, ...after] = double.requests.slice(at - 1);
        double.passOn();
        isReached = failed !== undefined;
        if (failed && isCreate(failed) && !idempotentCreate) {
          assert.ok(!after.some(isCreate), "createKey asks again, although the service may have made the key");
          if ("error" in outcome)
            assert.ok(
              isUnclear(outcome.error),
              `createKey whose answer is lost fails with ${String(outcome.error)}: neither an error of the HTTP client nor a ResponseShapeError, so that nothing searches for the key`,
            );
        }
        await call.clean();
      }
    }
  });
}

/** A service that repeats the request in its refusal, with the request's secrets in its words. */
function quote(request: PassingRequest, known: readonly string[]): Interruption {
  // Spaced out, so that only someone who knows the secret recognizes it.
  const spread = secretsOf(request, known).map((secret) => secret.replace(/.{5}/gs, "$& "));
  const message = `cannot accept ${spread.join(" or ")}`;
  return { status: 400, body: JSON.stringify({ message, error: { message }, code: message }) };
}

async function quotedLogin(bench: Workbench): Promise<void> {
  const double = await startServiceDouble(bench.harness.url);
  try {
    const { client } = bench.connectAs({ url: double.url });
    const parent = await bench.parent();
    const known = [bench.harness.token];
    double.interrupt((request) => quote(request, known));
    const outcome = await settled(client.listKeys(parent));
    assert.ok("error" in outcome, "listKeys must fail where every request is refused");
    const secrets = double.requests.flatMap((request) => secretsOf(request, known));
    assertHoldsNone(outcome.error, [...known, ...secrets], "listKeys, with its login refused,");
  } finally {
    await double.close();
  }
}

const credentialHeader = /authorization|cookie|token|secret|(api|access)-?key/i;
const secretField = /(secret|passw(or)?d|token)$/i;
/** Shorter texts are not secrets, and appear in messages by chance. */
const shortestSecret = 8;

/**
 * The secrets of a request: known ones, its credentials, and fields of its body that are called secret, password or
 * token.
 */
function secretsOf({ path, headers, body }: PassingRequest, known: readonly string[]): string[] {
  const credentials = Object.entries(headers).flatMap(([name, value]) =>
    credentialHeader.test(name) && typeof value === "string" ? [value.replace(/^\S+ /, "")] : [],
  );
  const whole = [path, body, ...Object.values(headers)].join("\n");
  const found = [
    ...known.filter((secret) => whole.includes(secret)),
    ...credentials,
    ...secretFields("", parsed(body)),
  ];
  return [...new Set(found)].filter((text) => text.length >= shortestSecret);
}

function secretFields(name: string, value: unknown): string[] {
  if (typeof value === "string") return secretField.test(name) ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([inner, each]) => secretFields(Array.isArray(value) ? name : inner, each));
}

/** A body as data, whether it is JSON or a form. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return Object.fromEntries(new URLSearchParams(body));
  }
}
