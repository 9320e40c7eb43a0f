import { expect, test } from "@jest/globals";
import { neverUsed, recordUse, visibleUseMs } from "../../../emulator/store/last-use";

test("a use shows a lag after the first of its batch, and then at most once per lag", () => {
  const use = neverUsed();
  const visibleAt = (nowMs: number) => visibleUseMs(use, nowMs, 60);
  recordUse(use, 100, 60);
  recordUse(use, 150, 60);
  expect(visibleAt(159)).toBeNull();
  expect(visibleAt(160)).toBe(150);
  recordUse(use, 170, 60);
  expect(visibleAt(171)).toBe(150);
  expect(visibleAt(230)).toBe(170);
  expect(use.exactMs).toBe(170);
});

test("without a lag every use shows at once", () => {
  const use = neverUsed();
  expect(visibleUseMs(use, 0, 0)).toBeNull();
  recordUse(use, 5, 0);
  expect(visibleUseMs(use, 5, 0)).toBe(5);
  recordUse(use, 6, 0);
  expect(visibleUseMs(use, 6, 0)).toBe(6);
});
