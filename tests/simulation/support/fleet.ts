/** Twenty keys of every kind, on three products. */
import { type Product, productFacts } from "../../contract/support/rotation-bench";

export interface FleetKey {
  readonly name: string;
  readonly product: Product;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** For how many days after a rotation a slow consumer still calls with the previous key. */
  readonly slowDays: number;
  /** What the user changes, by day. */
  readonly changes: Readonly<Record<number, Readonly<Record<string, unknown>>>>;
}

const key = (
  name: string,
  product: Product,
  inputs: FleetKey["inputs"],
  more: Partial<Pick<FleetKey, "slowDays" | "changes">> = {},
): FleetKey => ({ name, product, inputs, slowDays: 0, changes: {}, ...more });
const scopesOf = (product: Product, count: number) => ({
  scopes: [...productFacts[product].scopes].slice(0, count).sort(),
});

export const fleet: readonly FleetKey[] = [
  key("p-quarterly", "pulsely", { rotateEvery: "90d" }),
  key("p-monthly", "pulsely", { rotateEvery: "30d", overlap: "3d" }),
  key("p-weekly", "pulsely", { rotateEvery: "7d" }),
  key("p-daily", "pulsely", { rotateEvery: "1d" }),
  key("p-jitter", "pulsely", { rotateEvery: "30d", jitter: "10d" }),
  key("p-expires", "pulsely", { rotateEvery: "60d", expiresIn: "75d" }),
  key(
    "p-unused",
    "pulsely",
    { rotateEvery: "45d", overlap: "2d", retire: "whenUnused", maxOverlap: "20d" },
    { slowDays: 6 },
  ),
  key("p-at-once", "pulsely", { rotateEvery: "50d", retire: "immediately" }),
  key(
    "p-changes",
    "pulsely",
    { rotateEvery: "40d" },
    {
      changes: {
        100: scopesOf("pulsely", 2),
        103: scopesOf("pulsely", 3),
        250: { emergency: "INC-1" },
        252: { keepers: { build: "2" } },
      },
    },
  ),
  key("n-quarterly", "novavms", { rotateEvery: "90d" }),
  key("n-monthly", "novavms", { rotateEvery: "30d", overlap: "10d" }),
  key("n-weekly", "novavms", { rotateEvery: "7d", expiresIn: "14d" }),
  key("n-tight", "novavms", { rotateEvery: "60d", expiresIn: "67d", overlap: "7d" }),
  key("n-unused", "novavms", { rotateEvery: "45d", retire: "whenUnused" }, { slowDays: 3 }),
  key(
    "n-always-used",
    "novavms",
    { rotateEvery: "60d", overlap: "2d", retire: "whenUnused", maxOverlap: "15d" },
    { slowDays: 400 },
  ),
  key(
    "n-changes",
    "novavms",
    { rotateEvery: "35d" },
    { changes: { 36: scopesOf("novavms", 2), 200: { emergency: "INC-2" } } },
  ),
  key("a-quarterly", "pulseapi", { rotateEvery: "90d" }),
  key("a-weekly", "pulseapi", { rotateEvery: "7d", overlap: "0s" }),
  key("a-unused", "pulseapi", { rotateEvery: "30d", overlap: "2d", retire: "whenUnused" }, { slowDays: 4 }),
  key(
    "a-changes",
    "pulseapi",
    { rotateEvery: "28d" },
    { changes: { 57: { keepers: { build: "1" } }, 120: { emergency: "INC-3" } } },
  ),
];
