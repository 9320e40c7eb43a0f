/** What a contract needs from its test runner. */
export interface TestRunner {
  readonly describe: (title: string, body: () => void) => void;
  /**
   * @param body - returns what could not be proven, in sentences: the runner shows the test as skipped, with these
   *   reasons.
   */
  readonly test: (title: string, body: () => Promise<readonly string[]>, timeoutMs: number) => void;
  readonly beforeAll: (body: () => Promise<void>, timeoutMs: number) => void;
  readonly afterAll: (body: () => Promise<void>, timeoutMs: number) => void;
}

type Registers = (...args: readonly unknown[]) => unknown;
const names = ["describe", "test", "beforeAll", "afterAll"] as const;

/** The runner's globals (jest; vitest with `globals: true`), or else `node:test`. */
export function findRunner(
  globals: Readonly<Record<string, unknown>> = globalThis,
  nodeTest: () => NodeTest = loadNodeTest,
): TestRunner {
  if (names.every((name) => typeof globals[name] === "function")) return asRunner(globals);
  if (process.env.VITEST !== undefined) {
    throw new Error(
      'describeBackend needs the global "describe" and "test": set `test.globals: true` in the vitest configuration.',
    );
  }
  const { describe, test, before, after } = nodeTest();
  return {
    describe: (title, body) => void describe(title, body),
    test: (title, body, timeout) =>
      void test(title, { timeout }, async (context) => {
        const skipped = await body();
        if (skipped.length > 0) context.skip(skipped.join("; "));
      }),
    beforeAll: (body, timeout) => before(body, { timeout }),
    afterAll: (body, timeout) => after(body, { timeout }),
  };
}

type NodeTest = Pick<typeof import("node:test"), "describe" | "test" | "before" | "after">;

function loadNodeTest(): NodeTest {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded only if no other runner is in use
  return require("node:test") as NodeTest;
}

function asRunner(globals: Readonly<Record<string, unknown>>): TestRunner {
  const call =
    (name: (typeof names)[number]) =>
    (...args: readonly unknown[]) =>
      void (globals[name] as Registers)(...args);
  return {
    describe: call("describe"),
    test: (title, body, timeout) => {
      // Without a declared parameter, which jest would take for its `done` callback.
      const run = async (...given: readonly unknown[]) => {
        const skipped = await body();
        if (skipped.length > 0) tellSkipped(title, skipped.join("; "), given[0]);
      };
      call("test")(title, run, timeout);
    },
    beforeAll: call("beforeAll"),
    afterAll: call("afterAll"),
  };
}

/** vitest can skip a running test. jest cannot, but shows what is printed. */
function tellSkipped(title: string, reasons: string, context: unknown): void {
  const skip = (context as { readonly skip?: unknown } | undefined)?.skip;
  if (typeof skip === "function") (skip as Registers).call(context, reasons);
  else console.warn(`not proven: "${title}": ${reasons}`);
}
