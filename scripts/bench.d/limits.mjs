// What a service's limit and its outage do to a run of the real engine. The service counts the requests.
import { withServices } from "./services.mjs";
import { classesOf, Stack } from "./stack.mjs";

/** A second's worth may come at once, as with many services. */
const burstSeconds = 1;

/** The time of a no-op is that of the engine and the program alone. */
const program = (account, count) =>
  `${classesOf("dynamic")}
for (let i = 0; i < ${count}; i += 1)
  new ApiKey("key-" + i, { connection: "novavms", serviceAccountId: "${account}", scopes: ["cameras:read"] });`;

const isCreate = ({ method, path, status }) => method === "POST" && path.endsWith("/keys") && status !== 429;

/** From the first request of these to the last, in seconds. */
const spanOf = (sent) => (Math.max(...sent.map(({ atMs }) => atMs)) - Math.min(...sent.map(({ atMs }) => atMs))) / 1000;

/** A stack, with an account of its own on the service, for that many keys. */
async function stackFor(services, count) {
  const account = await services.account();
  const stack = new Stack(services);
  stack.up();
  stack.program(program(account, count));
  return { account, stack };
}

/** `perSecond` requests a second are allowed; undefined: any number. */
async function createsOf(count, perSecond) {
  return withServices(async (services) => {
    const { stack } = await stackFor(services, count);
    try {
      if (perSecond !== undefined) await services.limit(perSecond, burstSeconds * perSecond);
      const seconds = stack.up();
      const sent = await services.requests();
      return { seconds, sent, spanSeconds: spanOf(sent.filter(isCreate)) };
    } finally {
      stack.discard();
    }
  });
}

/** Two stacks at once: the share that each had of the creates until the first had all. */
async function sharesOf(count, perSecond) {
  return withServices(async (services) => {
    const both = [await stackFor(services, count), await stackFor(services, count)];
    try {
      await services.limit(perSecond, burstSeconds * perSecond);
      const ends = await Promise.allSettled(both.map(({ stack }) => stack.upBeside()));
      for (const end of ends) if (end.status === "rejected") throw new Error(`${end.reason.stdout}`.slice(-2_000));
      const sent = await services.requests();
      const times = both.map(({ account }) =>
        sent.filter((one) => isCreate(one) && one.path.includes(account)).map(({ atMs }) => atMs),
      );
      const from = Math.max(...times.map((all) => Math.min(...all)));
      const until = Math.min(...times.map((all) => Math.max(...all)));
      return {
        shares: times.map((all) => all.filter((at) => at >= from && at <= until).length),
        refused: sent.filter(({ status }) => status === 429).length,
        sent: sent.length,
      };
    } finally {
      for (const { stack } of both) stack.discard();
    }
  });
}

/** Creates that all fail. */
async function deadOf(count) {
  return withServices(async (services) => {
    const stack = new Stack(services);
    try {
      stack.up();
      // The same program without keys: what it imports is no key's.
      stack.program(classesOf("dynamic"));
      const emptySeconds = stack.up();
      stack.program(`${classesOf("dynamic")}
for (let i = 0; i < ${count}; i += 1) new ApiKey("key-" + i, { scopes: ["read:checks"] });`);
      await services.die();
      const { seconds, words } = stack.failing("up", "--yes", "--skip-preview", "--continue-on-error");
      const sent = await services.requestCount();
      return { seconds: seconds - emptySeconds, sent, refused: words.split("is taken for down").length - 1 };
    } finally {
      stack.discard();
    }
  });
}

/** `slow` requests a second are fewer than the engine makes, so what is measured is the pace alone. */
export async function benchLimits({ count, slow = 10 }) {
  const free = await createsOf(count);
  const fast = await createsOf(count, 100);
  const few = Math.min(count, 12 * slow);
  const paced = await createsOf(few, slow);
  const refused = [...fast.sent, ...paced.sent].filter(({ status }) => status === 429).length;
  const ownSeconds = (few - burstSeconds * slow) / slow;
  const two = await sharesOf(few, slow);
  const share = Math.min(...two.shares) / (two.shares[0] + two.shares[1]);
  const [wave, dead] = [await deadOf(16), await deadOf(count)];
  console.log(
    `${count} creates on the engine: ${free.seconds.toFixed(1)} s without a limit, ${fast.seconds.toFixed(1)} s at 100 a second; ${few} at ${slow} a second: ${paced.spanSeconds.toFixed(1)} s, the limit's own time ${ownSeconds.toFixed(1)} s; two stacks at once ${two.shares.join(" and ")}; dead: ${dead.sent} requests, ${dead.seconds.toFixed(1)} s, and of 16 keys ${wave.sent}, ${wave.seconds.toFixed(1)} s`,
  );
  const rate = (free.sent.length / free.spanSeconds).toFixed(0);
  return [
    {
      claim: `${count} creates on the engine at 100 requests a second, relative to the limit's own time or, if that is longer, no limit`,
      value: fast.seconds / Math.max(free.seconds, count / 100),
      limit: 1.05,
      rest: `without a limit the engine makes ${rate} a second here`,
    },
    {
      claim: `${few} creates on the engine at ${slow} requests a second, relative to the limit's own time`,
      value: paced.spanSeconds / ownSeconds,
      limit: 1.05,
      rest: `the limit's own time is ${ownSeconds.toFixed(1)} s: a burst of ${slow}, then ${slow} a second`,
    },
    {
      claim: "of these requests, refused for the limit, %",
      value: (100 * refused) / (fast.sent.length + paced.sent.length),
      limit: 0.5,
      rest: `${refused} of ${fast.sent.length + paced.sent.length}`,
    },
    {
      claim: "the smaller share of two stacks on the engine at once, %",
      value: 100 * share,
      limit: 45,
      atLeast: true,
      rest: `${two.shares.join(" and ")} keys until the first had all`,
    },
    {
      claim: "of the requests of two stacks at once, refused for the limit, %",
      value: (100 * two.refused) / two.sent,
      limit: 0.5,
      rest: `${two.refused} of ${two.sent}`,
    },
    {
      claim: `${count} keys on a dead service, requests relative to those of 16 keys`,
      value: dead.sent / wave.sent,
      limit: 1.1,
      rest: `${dead.sent} and ${wave.sent} requests`,
    },
    {
      claim: `${count} keys on a dead service, seconds more than the same program without keys`,
      value: dead.seconds,
      limit: 10,
      rest: `${wave.seconds.toFixed(1)} s with 16 keys; 8 s without any answer are the proof that it is down`,
    },
  ];
}
