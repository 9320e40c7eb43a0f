// @ts-check
/**
 * A stand-in for `pulumi-resource-random`, for tests on machines to which the engine cannot download it. It is not
 * that plugin: it draws RandomPet, RandomPassword and RandomString, honours length, prefix, separator, `special` and
 * keepers, and refuses every other resource. What it draws is as random as the real thing's.
 */
const { randomInt } = require("node:crypto");
const { main } = require("@pulumi/pulumi/provider");

const adjectives = [
  "brave",
  "calm",
  "eager",
  "fair",
  "gentle",
  "keen",
  "kind",
  "lucky",
  "noble",
  "quick",
  "sunny",
  "wise",
];
const animals = [
  "badger",
  "crane",
  "dolphin",
  "falcon",
  "heron",
  "ibex",
  "lynx",
  "marmot",
  "otter",
  "robin",
  "seal",
  "wren",
];
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const pick = (/** @type {string | string[]} */ from) => from[randomInt(from.length)];
const times = (/** @type {number} */ count, /** @type {() => unknown} */ draw) => Array.from({ length: count }, draw);
/** The wire form of a secret: the engine encrypts it. */
const secret = (/** @type {unknown} */ value) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});

/** By resource type: what is drawn from the inputs. */
const kinds = {
  "random:index/randomPet:RandomPet": (/** @type {any} */ { length = 2, prefix, separator = "-" }) => {
    const words = [...times(length - 1, () => pick(adjectives)), pick(animals)];
    return { id: [...(prefix === undefined ? [] : [prefix]), ...words].join(separator), outs: {} };
  },
  "random:index/randomString:RandomString": (/** @type {any} */ inputs) => {
    const result = text(inputs);
    return { id: result, outs: { result } };
  },
  // The real one's id is "none" as well: an id is never encrypted.
  "random:index/randomPassword:RandomPassword": (/** @type {any} */ inputs) => ({
    id: "none",
    outs: { result: secret(text(inputs)) },
  }),
};

function text(/** @type {any} */ { length, special = true }) {
  return times(length, () => pick(special ? `${letters}!@#$%&*()-_=+[]{}<>:?` : letters)).join("");
}

void main(
  {
    version: "4.21.2",
    /** Every change of an input draws anew, as the real one has it. */
    async diff(_id, _urn, olds, news) {
      const replaces = Object.keys({ ...kept(olds), ...news }).filter(
        (name) => JSON.stringify(olds[name]) !== JSON.stringify(news[name]),
      );
      return { changes: replaces.length > 0, replaces };
    },
    async create(urn, inputs) {
      const type = urn.split("::")[2]?.split("$").pop() ?? "";
      const draw = kinds[/** @type {keyof typeof kinds} */ (type)];
      if (!draw) throw new Error(`the stand-in for the random plugin has no ${type}`);
      const { id, outs } = draw(inputs);
      return { id, outs: { ...inputs, ...outs } };
    },
  },
  process.argv.slice(2),
);

/** The recorded inputs among the outputs. */
function kept(/** @type {any} */ { result: _result, ...inputs }) {
  return inputs;
}
