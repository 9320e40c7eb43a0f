// What the lives of stacks promise, and what was measured.
import { exponentOf, lineThrough } from "./curve.mjs";

/** The points [keys, seconds] of one operation. */
export function pointsOf(byCount, what) {
  return Object.entries(byCount ?? {})
    .filter(([, { seconds }]) => seconds[what] !== undefined)
    .map(([count, { seconds }]) => [Number(count), seconds[what]]);
}

/** The largest number of keys that all of these subjects have had. */
function largestOf(measured, names, what) {
  const counts = names.map((name) => pointsOf(measured[name], what).map(([count]) => count));
  return Math.max(...counts[0].filter((count) => counts.every((each) => each.includes(count))));
}

/** One subject's operation relative to another's, by time; by CPU time as well, because other work on the machine matters less there. */
function ratioOf(measured, [name, other], what, { limit, claim, of = what }) {
  const count = largestOf(measured, [name, other], what);
  const [own, others] = [measured[name]?.[count], measured[other]?.[count]];
  const ratio = (kind) => (own?.[kind]?.[of] ?? NaN) / (others?.[kind]?.[what] ?? NaN);
  const slopes = [pointsOf(measured[name], of), pointsOf(measured[other], what)].map(
    (points) => lineThrough(points).slopeMs,
  );
  return {
    claim: claim(count),
    value: ratio("seconds"),
    limit,
    rest: `by CPU time ${ratio("cpu").toFixed(2)}; a further key ${slopes[0].toFixed(0)} and ${slopes[1].toFixed(0)} ms`,
  };
}

const dynamicAt = (measured) => {
  const byCount = measured.dynamic ?? {};
  const count = Math.max(...Object.keys(byCount).map(Number));
  return { count, life: byCount[count] };
};

/** What one subject alone shows. */
function ownClaims(measured) {
  const { count, life } = dynamicAt(measured);
  if (!life) return [];
  const pages = Math.ceil(count / 100);
  const dead = "refresh, service dead";
  const bareBytes = measured.engine?.[count]?.bytesPerKey ?? NaN;
  return [
    {
      claim: `requests of a refresh of ${count} keys of one parent, pages of 100`,
      value: life.requests.refresh,
      limit: pages + 2,
      rest: `${pages} pages, and the keys that are read before two reads are under way at once`,
    },
    {
      claim: `requests of a no-op of ${count}`,
      value: life.requests["no-op"],
      limit: 0,
      rest: "check and diff send nothing",
    },
    {
      claim: "state a key, kB",
      value: life.bytesPerKey / 1000,
      limit: 1.6,
      rest: `a resource that does nothing is ${(bareBytes / 1000).toFixed(2)}; the parts are below`,
    },
    {
      claim: `refresh of ${count} keys, service dead, seconds more than a no-op`,
      value: life.seconds[dead] - life.seconds["no-op"],
      limit: 10,
      rest: `${life.requests[dead]} requests; 8 s without any answer prove that it is down`,
    },
  ];
}

export function claimsOf(measured) {
  const exponent = (name) => exponentOf(pointsOf(measured[name], "create"));
  return [
    ...ownClaims(measured),
    ratioOf(measured, ["dynamic", "naive"], "refresh at 50 ms", {
      claim: (keys) => `refresh of ${keys} at 50 ms, relative to one request a key`,
      limit: 0.35,
    }),
    ratioOf(measured, ["dynamic", "naive"], "create", {
      claim: (keys) => `create ${keys}, relative to the complete naive provider`,
      limit: 0.42,
    }),
    ratioOf(measured, ["dynamic", "leanest"], "create", {
      claim: (keys) => `create ${keys}, relative to the leanest`,
      limit: 0.6,
    }),
    {
      claim: "exponent of creating over keys, above that of the engine alone",
      value: exponent("dynamic") - exponent("engine"),
      limit: 0.05,
      rest: `${exponent("dynamic").toFixed(2)} and ${exponent("engine").toFixed(2)} between the last two numbers of keys`,
    },
    ratioOf(measured, ["dynamic", "naive"], "no-op", {
      claim: (keys) => `no-op of ${keys}, relative to naive`,
      limit: 0.6,
    }),
    ratioOf(measured, ["rotating", "rotating"], "create", {
      claim: (keys) => `rotate all of ${keys}, relative to creating them`,
      of: "rotate all",
      limit: 2,
    }),
    ratioOf(measured, ["plugin", "dynamic"], "create", {
      claim: (keys) => `the plugin's create of ${keys}, relative to dynamic resources`,
      limit: 1,
    }),
    ratioOf(measured, ["plugin", "dynamic"], "no-op", {
      claim: (keys) => `the plugin's no-op of ${keys}, relative to dynamic resources`,
      limit: 0.8,
    }),
  ].filter(({ value }) => !Number.isNaN(value));
}
