import { expect, test } from "@jest/globals";
import { createInputMemory } from "../../../../../provider/resources/checks/input-memory";

const answerOf = (at: number) => ({ origin: `organization/shop/prod/key-${at}`, scopes: ["read:checks"] });

test("the answers that a run still waits for are known, however many keys it has checked before", () => {
  const memory = createInputMemory();
  for (let at = 0; at < 10_001; at += 1) memory.note({}, answerOf(at), { nowMs: at });
  expect(memory.differ(answerOf(10_000))).toBe(true);
  expect(memory.differ(answerOf(9_000))).toBe(true);
  expect(memory.decisionTime(answerOf(9_000), 10_000)).toBe(9_000);
});

test("memory has an end: the eldest answer is forgotten", () => {
  const memory = createInputMemory();
  for (let at = 0; at < 10_001; at += 1) memory.note({}, answerOf(at), { nowMs: at });
  expect(memory.differ(answerOf(0))).toBe(false);
  expect(memory.differ(answerOf(1))).toBe(true);
});
