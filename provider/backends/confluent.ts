/**
 * Confluent Cloud (https://docs.confluent.io/cloud/current/api.html#tag/API-Keys-(iamv2)): service accounts, and their API keys, each for one
 * resource or for the Cloud API. The connection's credential is `<key>:<secret>` of a Cloud API key.
 *
 * Oddities:
 * - a key that is asked for without a resource is one for the whole Cloud API, so the resource is always said
 * - a key is made with 202, and opens nothing for some minutes. It is waited for: a Cloud key by asking with its own secret until that is
 *   not refused any more, any other until Confluent tells it. A key that takes longer is handed out anyway, because its secret is told once
 * - name and description of a key change in place, its resource and owner never
 * - keys have no end, and no last use
 * - a deleted account takes its keys along
 * - the next page of a list is a whole address; the token in it is sent to the connection's own
 */
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { defined } from "../values/defined";
import { minuteMs, secondMs } from "../values/durations";
import { AuthenticationError, ConfigError, InputError, PermissionDeniedError } from "../errors";
import { type HttpClient, path } from "../http/request";
import { normaliseTime } from "../values/times";
import { confluent as vendor } from "../vendors/confluent";
import { defineBackend } from "./define-backend";
import type { ApiKey, BackendContext, BackendSession, ServiceAccount } from "./definition";
import { everyPage } from "./every-page";
import { halfMade } from "./half-made";
import { parseAnswer } from "./parse-answer";

const keys = "/iam/v2/api-keys";
const accounts = "/iam/v2/service-accounts";

const keySchema = z.object({
  id: z.string().min(1),
  metadata: z.object({ created_at: z.string().nullish() }).nullish(),
  spec: z.object({
    display_name: z.string(),
    description: z.string().nullish(),
    owner: z.object({ id: z.string() }),
    resource: z.object({ id: z.string(), environment: z.string().nullish() }).nullish(),
  }),
});
type Key = z.infer<typeof keySchema>;
const issuedSchema = keySchema.extend({ spec: keySchema.shape.spec.extend({ secret: z.string().min(1) }) });
const accountSchema = z.object({
  id: z.string().min(1),
  display_name: z.string(),
  description: z.string().nullish(),
  metadata: z.object({ created_at: z.string().nullish() }).nullish(),
});
const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), metadata: z.object({ next: z.string().nullish() }) });

export const confluent = defineBackend({
  ...vendor,
  authenticate: basic,
  connect: ({ http }: BackendContext<undefined>) => {
    const list = <Item extends z.ZodType>(
      at: string,
      item: Item,
      filter: Readonly<Record<string, string | undefined>>,
    ) =>
      everyPage(at, async (page_token) => {
        const query = { ...filter, page_size: 100, page_token };
        const { body } = await http.request({ method: "GET", path: at, query });
        const { data, metadata } = parseAnswer("GET", at, pageOf(item), body);
        return { items: data, next: metadata.next ? tokenOf(metadata.next) : undefined };
      });
    const find = async <Item extends z.ZodType>(at: string, item: Item): Promise<z.infer<Item> | undefined> => {
      const { absent, body } = await http.request({ method: "GET", path: at, absent: [404] });
      return absent ? undefined : parseAnswer("GET", at, item, body);
    };
    const remove = async (at: string) => !(await http.request({ method: "DELETE", path: at, absent: [404] })).absent;
    const patch = async <Item extends z.ZodType>(at: string, item: Item, json: object): Promise<z.infer<Item>> =>
      parseAnswer("PATCH", at, item, (await http.request({ method: "PATCH", path: at, json, idempotent: true })).body);
    return {
      async createKey({ serviceAccountId = "", name, description, options }) {
        if (!options)
          throw new InputError(
            "options.resource",
            "a key without a resource is one for the whole Cloud API; nothing was sent.",
          );
        const { resource: id, environment } = options;
        const resource = id === "cloud" ? undefined : defined({ id, environment });
        const spec = defined({ display_name: name, description, owner: { id: serviceAccountId }, resource });
        const { body } = await http.request({ method: "POST", path: keys, json: { spec } });
        const issued = parseAnswer("POST", keys, issuedSchema, body);
        const { secret } = issued.spec;
        const works = resource
          ? async () => (await find(keyAt(issued.id), keySchema)) !== undefined
          : () => isLetIn(http, issued.id, secret);
        await halfMade(() => untilItWorks(works));
        return { ...toKey(issued), secret };
      },
      async getKey({ id, serviceAccountId }) {
        const key = await find(keyAt(id), keySchema);
        return key?.spec.owner.id === serviceAccountId ? key && toKey(key) : undefined;
      },
      async listKeys({ serviceAccountId = "" }) {
        if (!(await find(accountAt(serviceAccountId), accountSchema))) return undefined;
        return (await list(keys, keySchema, { "spec.owner": serviceAccountId })).map(toKey);
      },
      async updateKey({ id }, { name, description }) {
        const spec = defined({ display_name: name, description });
        return toKey(await patch(keyAt(id), keySchema, { spec }));
      },
      async revokeKey({ id, serviceAccountId }) {
        const key = await find(keyAt(id), keySchema);
        if (key?.spec.owner.id !== serviceAccountId) return "absent";
        return (await remove(keyAt(id))) ? "revoked" : "absent";
      },
      async createServiceAccount({ name, description }) {
        const json = defined({ display_name: name, description });
        const { body } = await http.request({ method: "POST", path: accounts, json });
        return toAccount(parseAnswer("POST", accounts, accountSchema, body));
      },
      async getServiceAccount(id) {
        const account = await find(accountAt(id), accountSchema);
        return account && toAccount(account);
      },
      async listServiceAccounts({ name }) {
        const found = await list(accounts, accountSchema, { display_name: name });
        return found.filter(({ display_name }) => name === undefined || display_name === name).map(toAccount);
      },
      async updateServiceAccount(id, { description }) {
        return toAccount(await patch(accountAt(id), accountSchema, { description }));
      },
      async deleteServiceAccount(id) {
        return (await remove(accountAt(id))) ? "deleted" : "absent";
      },
    };
  },
});

const keyAt = (id: string) => keys + path`/${id}`;
const accountAt = (id: string) => accounts + path`/${id}`;

/** Whether the Cloud API knows the key: what its account may do there is another matter. */
async function isLetIn(http: HttpClient, id: string, secret: string): Promise<boolean> {
  const own = { headers: authorization(`${id}:${secret}`), authenticated: false, secrets: [secret] };
  try {
    await http.request({ method: "GET", path: keys, query: { page_size: 1 }, ...own });
    return true;
  } catch (error) {
    if (error instanceof PermissionDeniedError) return true;
    if (error instanceof AuthenticationError) return false;
    throw error;
  }
}

const longestWaitMs = 5 * minuteMs;

/** Looks again, at growing distances. Whatever the look ends in, the key is there, and its secret must not be lost. */
async function untilItWorks(works: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + longestWaitMs;
  for (let pauseMs = secondMs / 4; performance.now() < endMs; pauseMs = Math.min(2 * pauseMs, 15 * secondMs)) {
    // Where it cannot be told, waiting proves nothing.
    if (await works().catch(() => true)) return;
    await wait(pauseMs);
  }
}

async function basic({ token }: BackendContext<undefined>): Promise<BackendSession> {
  const credential = await token();
  if (/^[^:]+:.+$/.test(credential))
    return { headers: authorization(credential), secrets: [credential.slice(credential.indexOf(":") + 1)] };
  throw new ConfigError(
    "the credential of a confluent connection is a Cloud API key and its secret, with a colon between them: <key>:<secret>. The one given has another form.",
  );
}

function authorization(credential: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(credential).toString("base64")}` };
}

function tokenOf(next: string): string | undefined {
  return new URL(next, "https://api.confluent.cloud").searchParams.get("page_token") ?? undefined;
}

function toKey({ id, metadata, spec: { display_name, description, resource } }: Key): ApiKey {
  return defined({
    id,
    name: display_name,
    accessId: id,
    status: "active",
    description: description ?? undefined,
    createdAt: normaliseTime(metadata?.created_at),
    options: { resource: resource?.id ?? "cloud", environment: resource?.environment ?? undefined },
  } as const);
}

function toAccount({ id, display_name, description, metadata }: z.infer<typeof accountSchema>): ServiceAccount {
  return defined({
    id,
    name: display_name,
    status: "active",
    description: description ?? undefined,
    createdAt: normaliseTime(metadata?.created_at),
  } as const);
}
