/** What a contract asks of the runner that calls it. */
export interface TestRunner {
  readonly describe: (title: string, body: () => void) => void;
  readonly test: (title: string, body: () => Promise<void>, timeoutMs: number) => void;
  readonly beforeAll: (body: () => Promise<void>, timeoutMs: number) => void;
  readonly afterAll: (body: () => Promise<void>, timeoutMs: number) => void;
}

type Registers = (...args: readonly unknown[]) => unknown;
const names = ["describe", "test", "beforeAll", "afterAll"] as const;

/** The runner's globals (jest; vitest with `globals: true`), or else `node:test`. */
export function findRunner(globals: Readonly<Record<string, unknown>> = globalThis): TestRunner {
  if (names.every((name) => typeof globals[name] === "function")) return asRunner(globals);
  if (process.env.VITEST !== undefined) {
    throw new Error(
      'describeBackend needs the global "describe" and "test": set `test.globals: true` in the vitest configuration.',
    );
  }
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded only where no other runner is at work
  const { describe, test, before, after } = require("node:test") as typeof import("node:test");
  return {
    describe: (title, body) => void describe(title, body),
    test: (title, body, timeout) => void test(title, { timeout }, body),
    beforeAll: (body, timeout) => before(body, { timeout }),
    afterAll: (body, timeout) => after(body, { timeout }),
  };
}

function asRunner(globals: Readonly<Record<string, unknown>>): TestRunner {
  const call =
    (name: (typeof names)[number]) =>
    (...args: readonly unknown[]) =>
      void (globals[name] as Registers)(...args);
  return { describe: call("describe"), test: call("test"), beforeAll: call("beforeAll"), afterAll: call("afterAll") };
}
