/** Promises about the inputs that only this vendor has. */
import assert from "node:assert/strict";
import { createApiKeyProvider } from "../../provider/resources/api-key/resource";
import { createServiceAccountProvider } from "../../provider/resources/service-account/resource";
import {
  type DeclaredOption,
  type DeclaredOptions,
  type OptionValues,
  withDefaults,
} from "../../provider/vendors/options";
import { assertChanged } from "../assertions";
import { OneResource } from "../one-resource";
import { changeable } from "../option-samples";
import type { Contract } from "../workbench";
import { found } from "./finding";
import { accountProgram, contextOf, keyProgram, recorded } from "./programs";

/** What a backend declares as its own inputs. */
export interface Declared {
  readonly keyOptions?: DeclaredOptions;
  readonly accountOptions?: DeclaredOptions;
}

/** Each declared option is sent and reported, and changes as declared. */
export function optionContract({ keyOptions, accountOptions }: Declared): Contract {
  return { ...(keyOptions && ofKeys(keyOptions)), ...(accountOptions && ofAccounts(accountOptions)) };
}

function ofKeys(declared: DeclaredOptions): Contract {
  const inPlace = (name: string) => declared[name]?.change === "update";
  return {
    "a key has the options that were asked for, whichever they are": async (bench) => {
      for (const index of [0, 1] as const) {
        const options = bench.keyOptions(index);
        const { key, ref } = await bench.issue({ options });
        const told = await found(bench, ref);
        assertTold("createKey", declared, key.options, options);
        assertTold("getKey", declared, told.options, options);
        assert.deepEqual(
          told.options,
          key.options,
          "getKey returns other options than createKey: each must return all of them, null for none",
        );
      }
      for (const name of bench.unprovenOptions("keyOptions"))
        bench.skip(`the option "${name}": the harness's "keyOptions" names no two values of it`);
    },
    "an option of a key changes as it is declared: in place, or by another key": async (bench) => {
      const key = new OneResource(createApiKeyProvider(contextOf(bench)));
      const program = await keyProgram(bench);
      const others = bench.keyOptions(1);
      for (const name of changeable(declared, bench.harness.keyOptions)) {
        const before = { ...bench.keyOptions(0) };
        await key.up({ ...program, options: before });
        const old = recorded(key);
        bench.track({ id: old.id, name: String(old.outs.physicalName), ...program.parent });
        assert.deepEqual(await key.refresh(), [], "a key that nobody touched has not drifted");
        const next = { ...program, options: { ...before, [name]: others[name] } };
        const { op } = await key.up(next);
        bench.track({ id: recorded(key).id, name: String(key.outs.physicalName), ...program.parent });
        assert.equal(op, inPlace(name) ? "update" : "replace", `another value of the option "${name}"`);
        assert.deepEqual(await key.refresh(), [], `the service has the other "${name}" as well`);
        assert.equal((await key.up(next)).op, "same");
        await key.destroy();
        key.state = undefined;
      }
    },
    ...(Object.keys(declared).some(inPlace) && {
      "an option that is changed in place leaves everything else of the key": async (bench) => {
        const options = bench.keyOptions(0);
        const { key, ref } = await bench.issue({ options });
        let before = await found(bench, ref);
        for (const name of changeable(declared, bench.harness.keyOptions).filter(inPlace)) {
          const value = bench.keyOptions(1)[name];
          const changed = await bench.client.updateKey?.(ref, { options: { [name]: value ?? null } });
          const now = await found(bench, ref);
          const expected = before.options && { ...before, options: { ...before.options, [name]: value } };
          assertChanged(changed, now, expected ?? before);
          before = now;
        }
        assert.notEqual(await bench.works(key, ref, true), false, "another option must not change the secret");
      },
    }),
  };
}

function ofAccounts(declared: DeclaredOptions): Contract {
  return {
    "a service account has the options that were asked for, whichever they are": async (bench) => {
      for (const index of [0, 1] as const) {
        const options = bench.accountOptions(index);
        const account = await bench.makeAccount({ options });
        const told = await bench.client.getServiceAccount?.(account.id);
        assertTold("createServiceAccount", declared, account.options, options);
        assertTold("getServiceAccount", declared, told?.options, options);
        assert.deepEqual(
          told?.options,
          account.options,
          "getServiceAccount returns other options than createServiceAccount",
        );
      }
      for (const name of bench.unprovenOptions("accountOptions"))
        bench.skip(`the option "${name}": the harness's "accountOptions" names no two values of it`);
    },
    "an option of a service account changes as it is declared: in place, or by another account": async (bench) => {
      const account = new OneResource(createServiceAccountProvider(contextOf(bench)));
      const program = accountProgram(bench);
      for (const name of changeable(declared, bench.harness.accountOptions)) {
        const before = bench.accountOptions(0);
        await account.up({ ...program, options: before });
        bench.trackAccount(recorded(account).id);
        assert.deepEqual(await account.refresh(), [], "an account that nobody touched has not drifted");
        const next = { ...program, options: { ...before, [name]: bench.accountOptions(1)[name] } };
        const { op } = await account.up(next);
        bench.trackAccount(recorded(account).id);
        const expected = declared[name]?.change === "update" ? "update" : "replace";
        assert.equal(op, expected, `another value of the option "${name}"`);
        assert.deepEqual(await account.refresh(), [], `the service has the other "${name}" as well`);
        assert.equal((await account.up(next)).op, "same");
        await account.destroy();
        account.state = undefined;
      }
    },
  };
}

/** An option has the requested value if it is reported; otherwise nothing is proven. */
function assertTold(
  method: string,
  declared: DeclaredOptions,
  told: Readonly<Record<string, unknown>> = {},
  asked: OptionValues,
): void {
  const expected = withDefaults(declared, asked) ?? {};
  for (const name of Object.keys(declared)) {
    if (told[name] === undefined || expected[name] === undefined) continue;
    assert.deepEqual(
      canonical(declared[name], told[name]),
      expected[name],
      `${method} must report the option "${name}" as it was asked for`,
    );
  }
}

function canonical(option: DeclaredOption | undefined, value: unknown): unknown {
  return option?.type === "textList" && option.ordered !== true && Array.isArray(value)
    ? [...new Set(value as string[])].sort()
    : value;
}
