/** The contract suite that every backend must pass. */
import assert from "node:assert/strict";
import type { Backend, Capabilities } from "../provider/backends/definition";
import { accountContract } from "./contract/accounts";
import { accountResourceContract } from "./contract/account-resource";
import { answerContract } from "./contract/answers";
import { changeContract } from "./contract/changes";
import { enablingContract } from "./contract/enabling";
import { fieldContract } from "./contract/fields";
import { findingContract } from "./contract/finding";
import { keyResourceContract } from "./contract/key-resource";
import { keyContract } from "./contract/keys";
import { methodContract } from "./contract/methods";
import { type Declared, optionContract } from "./contract/options";
import { refusalContract } from "./contract/refusals";
import { rotationContract } from "./contract/rotation";
import type { BackendHarness } from "./harness";
import { findRunner } from "./runner";
import { type Contract, factsOf, type Opened, openService, Workbench } from "./workbench";

/** Real servers may be slow: a hashed secret costs a second, and some allow five requests in one. */
const leastTimeoutMs = 300_000;

/** Allows for several waits of every declared lag: one story revokes five keys. */
export function timeoutOf({ activationLagMs, revocationLagMs, lastUsed, expiry }: Capabilities): number {
  const { lagMs = 0, granularityMs = 0 } = lastUsed ?? {};
  return leastTimeoutMs + 8 * (activationLagMs + revocationLagMs + lagMs + granularityMs) + 3 * expiry.granularityMs;
}

/** The whole contract of a backend with these capabilities, by chapter. */
export function contractOf(can: Capabilities, declared: Declared = {}): Readonly<Record<string, Contract>> {
  return {
    capabilities: methodContract(can, declared),
    keys: { ...keyContract(can), ...findingContract(can) },
    "ends and rotation": changeContract(can),
    "service accounts": accountContract(can),
    options: optionContract(declared),
    refusals: refusalContract(can),
    answers: { ...answerContract(can), ...fieldContract },
    resources: {
      ...keyResourceContract(can),
      ...enablingContract(can),
      ...accountResourceContract(can),
      ...rotationContract(can),
    },
  };
}

/**
 * Tests a backend against a running service. The capabilities decide which tests there are: each ability that a backend
 * claims is proven, and an ability that it does not claim must be missing.
 *
 * Runs in jest, in vitest with `globals: true`, and under `node --test`.
 *
 * @param backend - a built-in backend's name, or a definition made with `defineBackend`
 * @param open - starts (or finds) the service; called once
 * @param fields - fields of the connection that shape the capabilities, known beforehand
 *
 * @example describeBackend(acme, async () => { const server = await startAcme(); return { url: server.url, token:
 *   server.adminToken, scopes: [["orders:read"], ["orders:read", "orders:write"]], works: async ({ secret }) => (await
 *   fetch(`${server.url}/orders`, { headers: { authorization: `Bearer ${secret}` } })).ok, close: () => server.close(),
 *   }; });
 */
export function describeBackend(
  backend: string | Backend,
  open: () => Promise<BackendHarness>,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  const { describe, test, beforeAll, afterAll } = findRunner();
  const { backend: name, capabilities, ...facts } = factsOf({ backend, fields });
  const timeoutMs = timeoutOf(capabilities);

  describe(`the backend ${name}`, () => {
    let opened: Opened | undefined;
    let running: BackendHarness | undefined;
    beforeAll(async () => {
      running = await open();
      opened = openService({ backend, fields }, running);
      assert.deepEqual(
        opened.connection.capabilities,
        capabilities,
        "the harness's connection fields change the capabilities: pass them to describeBackend instead",
      );
    }, timeoutMs);
    afterAll(async () => running?.close(), timeoutMs);

    for (const [chapter, contract] of Object.entries(contractOf(capabilities, facts))) {
      if (Object.keys(contract).length === 0) continue;
      describe(chapter, () => {
        for (const [title, promise] of Object.entries(contract)) {
          test(title, async () => keep(promise, opened), timeoutMs);
        }
      });
    }
  });
}

/** Runs one promise, and removes what it made, whether it holds or not. Returns what could not be proven here. */
export async function keep(
  promise: (bench: Workbench) => Promise<void>,
  opened: Opened | undefined,
): Promise<readonly string[]> {
  if (!opened) throw new Error("the service did not open");
  const bench = new Workbench(opened);
  try {
    await promise(bench);
  } catch (error) {
    // A failed clean-up must not hide the failure before it.
    await bench.tidy().catch(() => undefined);
    throw error;
  }
  await bench.tidy();
  return [...new Set(bench.skipped)];
}
