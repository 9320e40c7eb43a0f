import { expect, test } from "@jest/globals";
import { checkedClient } from "../support/one-step";
import type { BackendClient } from "../../../../provider/backends/definition";
import { ResponseShapeError } from "../../../../provider/errors";

const key = { id: "1", name: "a", status: "active" };
const answering = (method: string, answer: unknown) =>
  checkedClient({ [method]: () => Promise.resolve(answer) } as unknown as BackendClient) as unknown as Record<
    string,
    () => Promise<unknown>
  >;

test.each([
  ["getKey", null, '"getKey" of the backend answered null'],
  [
    "getKey",
    { ...key, scopes: "read" },
    '"getKey" of the backend answered with "scopes" that are a text of 4 characters',
  ],
  [
    "getKey",
    { ...key, expiresAt: 1_795_634_075 },
    '"getKey" of the backend answered with a "expiresAt" that is a number',
  ],
  ["getKey", { name: "a", status: "active" }, '"getKey" of the backend answered without "id"'],
  ["listKeys", { keys: [] }, '"listKeys" of the backend answered an object; it must answer a list'],
  ["listKeys", [key, { ...key, status: undefined }], '"listKeys" of the backend answered without "status"'],
  ["listServiceAccounts", undefined, '"listServiceAccounts" of the backend answered nothing'],
  [
    "getKey",
    { ...key, status: "ACTIVE" },
    '"getKey" of the backend answered with an unknown "status"; the known ones are active, disabled, revoked, expired',
  ],
  ["revokeKey", undefined, '"revokeKey" of the backend answered nothing; it must answer "revoked" or "absent"'],
  ["revokePrevious", true, '"revokePrevious" of the backend answered a boolean; it must answer "revoked" or "absent"'],
  [
    "deleteServiceAccount",
    "revoked",
    '"deleteServiceAccount" of the backend answered a text of 7 characters; it must answer "deleted" or "absent"',
  ],
  ["probe", true, '"probe" of the backend answered without "works"'],
  ["createKey", { ...key, secret: "drawn", scopes: [1] }, '"createKey" of the backend answered with "scopes"'],
  ["getKey", { ...key, id: null }, '"getKey" of the backend answered with an "id" that is null; it must be a text'],
  ["createKey", { ...key, id: { value: "1" } }, '"createKey" of the backend answered with an "id" that is an object'],
  ["listKeys", [{ ...key, id: ["1"] }], '"listKeys" of the backend answered with an "id" that is a list of 1'],
  ["listServiceAccounts", [{ ...key, id: 1.5 }], 'answered with an "id" that is a number'],
  // Its last digits are lost in JSON, so it may be the id of another key.
  ["getKey", { ...key, id: 2 ** 53 }, "send larger ones as text"],
])("A wrong answer is told by method and field: %s, %j", async (method, answer, words) => {
  const asked = answering(method, answer)[method]?.();
  await expect(asked).rejects.toThrow(ResponseShapeError);
  await expect(asked).rejects.toThrow(words);
});

test.each([
  ["getKey", undefined, undefined],
  ["getKey", { ...key, expiresAt: undefined, scopes: undefined }, key],
  ["getKey", { ...key, id: 7 }, { ...key, id: "7" }],
  ["listKeys", undefined, undefined],
  ["listKeys", [{ ...key, hint: undefined }], [key]],
  ["revokeKey", "absent", "absent"],
  ["createKey", { id: "1" }, { id: "1" }],
])("An answer with fields that are not told is taken: %s, %j", async (method, answer, taken) => {
  expect(await answering(method, answer)[method]?.()).toStrictEqual(taken);
});
