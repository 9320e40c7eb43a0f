import { dayMs } from "../../../../provider/values/durations";
import { formatTime } from "../../../../provider/values/times";

/** The day on which the pages of these tests are made. */
export const now = "2027-02-01T10:00:00Z";
export const nowMs = Date.parse(now);
export const day = (offset: number): string => formatTime(nowMs + offset * dayMs);

const targets = {
  pulsely: "https://api.pulsely.example",
  jupyterhub: "https://hub.example",
  novavms: "https://vms.example",
  keycloak: "https://keycloak.example",
  own: "https://own.example",
} as const;

function resource(type: string, name: string, backend: keyof typeof targets, outputs: object) {
  return {
    urn: `urn:pulumi:prod::shop::pulumi-nodejs:dynamic/apikeys:${type}::${name}`,
    type: `pulumi-nodejs:dynamic/apikeys:${type}`,
    id: `${name}-id`,
    inputs: { origin: `organization/shop/prod/${name}` },
    outputs: {
      connection: backend,
      service: targets[backend],
      target: { backend, origin: targets[backend] },
      status: "active",
      fingerprint: "f00dfeed0badcafe",
      secret: { "4dabf18193072939515e22adb298388d": "1b47", ciphertext: "v1:c1ph3rt3xt0fasecret" },
      hint: "ply_live_h1nt",
      ...(type === "ServiceAccount" ? {} : { keyId: `key_${name}` }),
      ...outputs,
    },
  };
}

const rotating = (name: string, backend: keyof typeof targets, issued: number, outputs: object = {}) =>
  resource("RotatingApiKey", name, backend, {
    rotatedAt: day(issued),
    nextRotationAt: day(issued + 90),
    labels: { owner: "data-team" },
    ...outputs,
  });

/** A state with one of everything that the page tells apart. `named` gives each name its text. */
export function richState(named: (name: string) => string = (name) => name): object {
  const team = { labels: { owner: named("platform") } };
  return {
    deployment: {
      manifest: { time: day(-3) },
      resources: [
        resource("ServiceAccount", named("hub-bot"), "jupyterhub", { accountId: "17", role: named("admin"), ...team }),
        resource("ServiceAccount", named("exporter"), "keycloak", {
          accountId: "acc1",
          role: named("reader"),
          ...team,
        }),
        rotating(named("dashboards"), "pulsely", -20, { scopes: ["read:checks", "read:metrics"] }),
        rotating(named("billing-export"), "pulsely", -80, {
          scopes: ["read:alerts", named("write:alerts")],
          previousValidUntil: day(6),
          previousKey: { keyId: "key_old", retireAfter: day(6), retire: "afterOverlap", endsOnService: false },
        }),
        rotating(named("root-of-all"), "pulsely", -95, { scopes: ["admin:*"], ...team }),
        rotating(named("hub-admin"), "jupyterhub", -40, {
          scopes: ["admin:users", "tokens"],
          serviceAccountId: "17",
          expiresAt: day(80),
        }),
        resource("ApiKey", named("cameras"), "novavms", {
          createdAt: day(-130),
          expiresAt: day(44),
          scopes: ["cameras:read", named("events:read")],
          serviceAccountId: "not-here",
        }),
        resource("ApiKey", named("nightly"), "keycloak", { createdAt: day(-10), serviceAccountId: "acc1" }),
        resource("ApiKey", named("partner"), "own", { createdAt: day(-200), scopes: [named("orders/list")] }),
        resource("ApiKey", named("unreadable"), "pulsely", { expiresAt: 7 }),
        resource("ApiKey", named("dead"), "pulsely", {
          createdAt: day(-60),
          expiresAt: day(-2),
          scopes: ["read:checks"],
        }),
        rotating(named("incident"), "pulsely", -1, {
          scopes: ["write:checks"],
          pendingRevocations: [
            { keyId: "key_leaked", end: day(-1), physicalName: named("incident-1"), fingerprint: "f00dfeed0badcafe" },
          ],
          lostCreates: [named("incident-2")],
        }),
        {
          urn: `urn:pulumi:prod::shop::kubernetes:core/v1:Secret::${named("grafana")}`,
          type: "kubernetes:core/v1:Secret",
          propertyDependencies: {
            data: [`urn:pulumi:prod::shop::pulumi-nodejs:dynamic/apikeys:RotatingApiKey::${named("dashboards")}`],
          },
        },
      ],
    },
  };
}

/** What `apikeys inventory --format json` prints of its services. */
export function richInventory(named: (name: string) => string = (name) => name): object {
  const key = { kind: "key", connection: "pulsely", service: targets.pulsely, status: "active" };
  return {
    rows: [
      {
        ...key,
        standing: "unknown",
        id: "k90",
        name: named("billing-export-left"),
        scopes: ["write:alerts"],
        stack: "shop/prod",
      },
      { ...key, standing: "unproven", id: "k91", name: named("older-2274"), scopes: ["read:checks"] },
      { ...key, standing: "missing", id: "k92", name: named("gone"), stack: "shop/prod" },
      {
        ...key,
        standing: "hand-made",
        id: "k93",
        name: named("made by Ana"),
        scopes: ["admin:*"],
        createdAt: day(-400),
      },
      {
        ...key,
        standing: "recorded",
        id: "key_partner",
        name: named("partner"),
        lastUsedAt: day(-120),
        stack: "shop/prod",
      },
    ],
    problems: [named('connection "own" could not be read: it answered 503')],
  };
}
