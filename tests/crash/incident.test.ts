import { expect, test } from "@jest/globals";
import { apikeys } from "./support/command-line";
import { Fleet, type Wish } from "./support/fleet";

interface Row {
  readonly standing: string;
  readonly name: string;
  readonly resource?: string;
  readonly stack?: string;
}

test("a key that a killed run left of a resource which is gone from the program is found, named and ended; a leaked secret is told whose it is", async () => {
  const fleet = await Fleet.open();
  const { stack } = fleet;
  const rowsOf = async (): Promise<{ code: number; rows: Row[] }> => {
    const { code, stdout } = await apikeys(stack, ["inventory", "--format", "json"]);
    return { code, rows: (JSON.parse(stdout) as { rows: Row[] }).rows };
  };
  const unknown = (rows: readonly Row[]) => rows.filter(({ standing }) => standing === "unknown");
  try {
    const wish: Wish = { keys: ["p2", "p3", "a2"], wide: false, now: "2027-01-01T00:00:00Z" };
    fleet.write(wish);
    const wreck = await fleet.killed(
      { method: "POST", path: /api-keys$/, count: 3 },
      { point: "K2", victim: "tree", afterMs: 0 },
    );
    expect(wreck.missed ? wreck.output : "").toBe("");
    // No update issues a key for p2 any more, so none looks for what it left.
    fleet.write({ ...wish, keys: ["p3", "a2"] });
    await fleet.recover();
    wreck.clear();

    const before = await rowsOf();
    expect(before.code).toBe(7);
    expect(unknown(before.rows)).toEqual([
      expect.objectContaining({ name: expect.stringMatching(/^p2-/), stack: "engine-test/dev" }),
    ]);
    expect(
      before.rows
        .filter(({ standing }) => standing === "recorded")
        .map(({ resource }) => resource)
        .sort(),
    ).toEqual(["a2", "p3"]);
    const table = await apikeys(stack, ["inventory"]);
    expect(table.stdout).toMatch(/^UNKNOWN +key +default .* p2-/m);
    const page = await apikeys(
      stack,
      ["report", "--html", "-", "--inventory", "-"],
      (await apikeys(stack, ["inventory", "--format", "json"])).stdout,
    );
    expect([page.code, page.stdout]).toEqual([7, expect.stringMatching(/>Unknown<[\s\S]*no longer names it/)]);

    const dry = await apikeys(stack, ["sweep", "--min-age", "0s"]);
    expect([dry.code, dry.stdout]).toEqual([7, expect.stringMatching(/p2-\w+\) on default, .*: would be revoked/)]);
    expect(unknown((await rowsOf()).rows)).toHaveLength(1);
    const young = await apikeys(stack, ["sweep", "--yes", "--min-age", "12w"]);
    expect([young.code, young.stdout]).toEqual([
      7,
      expect.stringContaining("left alone: it is younger than --min-age"),
    ]);
    const stale = await apikeys(
      stack,
      ["sweep", "--yes", "--state", "-"],
      (await stack.must("stack", "export")).stdout,
    );
    expect([stale.code, stale.stderr]).toEqual([
      2,
      expect.stringContaining("A file may be older than the stack's state"),
    ]);
    const swept = await apikeys(stack, ["sweep", "--yes", "--min-age", "0s"]);
    expect(swept.stdout).toMatch(/p2-\w+\) on default, .*: revoked/);
    expect(unknown((await rowsOf()).rows)).toEqual([]);
    expect(await fleet.broken()).toEqual([]);

    const { p3 = "" } = await stack.outputs();
    const leak = await apikeys(stack, ["identify", "--ask"], `a line\nTOKEN=${p3}\n`);
    expect(leak.code).toBe(7);
    expect(leak.stdout).toMatch(/Line 2 is a key of ours:[\s\S]*resource: +ApiKey "p3"[\s\S]*on the service: +active/);
    expect(leak.stdout + leak.stderr).not.toContain(p3);
    const nobodys = await apikeys(stack, ["identify"], "nothing-of-the-kind-0123456789");
    expect([nobodys.code, nobodys.stdout]).toEqual([0, expect.stringContaining("is a key of these states")]);
    await fleet.close();
  } finally {
    await fleet.discard();
  }
}, 240_000);
