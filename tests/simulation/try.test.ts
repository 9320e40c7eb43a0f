import { expect, test } from "@jest/globals";
import { RotationBench, products } from "../contract/support/rotation-bench";
test("try", async () => {
  const bench = await RotationBench.open();
  try {
    for (const product of products) {
      await bench.reset("2027-01-01T09:00:00Z");
      const key = bench.key();
      const program = bench.program(product, "acme/app/dev/app", { rotateEvery: "90d" });
      console.log(await key.up(program), key.outs);
      await bench.pass(91 * 86400000);
      console.log(await key.up(program), key.outs);
      console.log(await key.up(program));
      await bench.pass(8 * 86400000);
      console.log(await key.up(program), key.outs);
      console.log(await bench.keys());
      console.log((await bench.services.requests()).map((r) => `${r.method} ${r.path} ${r.status}`));
      console.log(await key.destroy(), await bench.living(product, "app"));
    }
    expect(1).toBe(1);
  } finally { await bench.close(); }
});
