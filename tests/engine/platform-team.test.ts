import { expect, test } from "@jest/globals";
import { runReadmeScript } from "./support/readme-script";

test("The platform team's README, word for word: three stacks, an approval, a refusal, a month of nights, and the end", async () => {
  const printed = await runReadmeScript("platform-team", {
    ports: ["4010", "4011"],
    processes: ["SANDBOX_PID", "PROD_PID"],
  });
  expect(printed.Up).toMatch(/SR024[^]*Digest sha256:[^]*5 created[^]*reads its checks: 200\n$/);
  const change = printed.Change ?? "";
  expect(change).toMatch(/gains "read:alerts"[^]*1 updated/);
  expect(change.match(/the status page reads its checks: 200/g)).toHaveLength(2);
  expect(change).toMatch(/block SR002[^]*the review ends with 5\n[^]*the deployment ends with 7\n$/);
  const night = printed.Night ?? "";
  expect(night).toMatch(/due: 7/);
  expect(night.match(/Resources:\n +~ 2 updated/g)).toHaveLength(3);
  expect(night).toMatch(/reads its checks: 200/);
  expect(night).not.toMatch(/unknown [1-9]/);
  expect(printed.Destroy?.match(/5 deleted/g)).toHaveLength(3);
}, 580_000);
