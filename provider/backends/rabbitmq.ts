/**
 * RabbitMQ (https://www.rabbitmq.com/docs/http-api-reference, served by every broker under /api/index.html): a key is a
 * user of the broker, with its tags and its permissions as scopes. The connection's `url` ends in `/api`. Its
 * credential is `<user>:<password>` of a user with the tag `administrator`.
 *
 * Oddities:
 * - a PUT makes a user or changes an existing one, including its password: the backend looks for the user first, and
 *   never sends a PUT for a name that is taken. A repeated PUT has the same effect as one
 * - a new user, and each of its permissions on virtual hosts, are separate calls. Until the last one the user can do
 *   less than requested, never more; if one is refused, the user is removed again
 * - a permission is one regular expression per virtual host and verb; "" matches nothing, and a user without
 *   permissions on a virtual host cannot open it
 * - an administrator can read the salted hash of each password, but nobody can read the password. The hash changes with
 *   it
 * - a user without a hash cannot log in with a password: its key is reported as disabled
 * - a known user who is not an administrator gets a 401, like a wrong password; the words tell the two apart
 * - every unknown path and every unknown user get "Object Not Found": only the list proves that a user is gone
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { defined } from "../values/defined";
import {
  AuthenticationError,
  ConfigError,
  ConflictError,
  notYetSent,
  ProviderError,
  ResponseShapeError,
  wordsOf,
  isUnclear,
} from "../errors";
import { fingerprintOf } from "../values/fingerprint";
import { path } from "../http/request";
import { rabbitmq as vendor } from "../vendors/rabbitmq";
import { defineBackend } from "./define-backend";
import type { ApiKey, AskedKey, BackendContext, BackendSession, InputProblem } from "./definition";
import { parseAnswer } from "./parse-answer";
import { permissionsOf, type Permission, permissionSchema, scopesOf, tagsOf } from "./rabbitmq/permissions";

const users = "/users";
const userSchema = z.object({ name: z.string().min(1), password_hash: z.string(), tags: z.array(z.string()) });
type User = z.infer<typeof userSchema>;

export const rabbitmq = defineBackend({
  ...vendor,
  authenticate: basic,
  validateKey,
  connect: ({ http, token }: BackendContext<undefined>) => {
    const findUser = async (name: string): Promise<User | undefined> => {
      const at = users + path`/${name}`;
      const { absent, body } = await http.request({ method: "GET", path: at, absent: [404] });
      return absent ? undefined : parseAnswer("GET", at, userSchema, body);
    };
    const read = async <Schema extends z.ZodType>(at: string, schema: Schema) =>
      parseAnswer("GET", at, schema, (await http.request({ method: "GET", path: at })).body);
    const remove = async (name: string) =>
      !(await http.request({ method: "DELETE", path: users + path`/${name}`, absent: [404] })).absent;
    const give = async (name: string, granted: readonly Permission[]) => {
      for (const { vhost, ...patterns } of granted)
        await http.request({ method: "PUT", path: path`/permissions/${vhost}/${name}`, json: patterns });
    };
    return {
      async createKey({ name, scopes = [], secretValue }) {
        const taken = await findUser(name).catch((error: unknown) => {
          throw notYetSent("Whether the user is there could not be told, so it was not made", error);
        });
        const at = users + path`/${name}`;
        if (taken) throw new ConflictError({ status: 409, method: "PUT", path: at, detail: "there is such a user" });
        const secret = secretValue ?? `rmq_${randomBytes(32).toString("base64url")}`;
        const json = { password: secret, tags: tagsOf(scopes).join(",") };
        await http.request({ method: "PUT", path: at, json, secrets: [secret] });
        try {
          await give(name, permissionsOf(scopes));
          const permissions = await read(`${at}/permissions`, z.array(permissionSchema));
          return { ...toKey(await read(at, userSchema), permissions), secret };
        } catch (error) {
          // What is no refusal is unclear, and the user is looked for.
          if (isUnclear(error)) throw error;
          return takeBack(() => remove(name), error);
        }
      },
      async getKey({ id }) {
        const user = await findUser(id);
        return user && toKey(user, await read(users + path`/${id}/permissions`, z.array(permissionSchema)));
      },
      async listKeys() {
        const found = await read(users, z.array(userSchema));
        const permissions = await read("/permissions", z.array(permissionSchema));
        return found.map((user) =>
          toKey(
            user,
            permissions.filter((permission) => permission.user === user.name),
          ),
        );
      },
      async revokeKey({ id }) {
        return (await remove(id)) ? "revoked" : "absent";
      },
      async whoAmI() {
        const [, name] = /^([^:]+):/.exec(await token()) ?? [];
        return name === undefined ? undefined : { keyId: name };
      },
      async probe({ accessId, secret }) {
        if (accessId === undefined) return undefined;
        const own = { headers: authorization(accessId, secret), authenticated: false, secrets: [secret] };
        try {
          await http.request({ method: "GET", path: "/whoami", ...own });
          return { works: true };
        } catch (error) {
          if (!(error instanceof AuthenticationError)) throw error;
          // A user who may not use the API is still known to the broker.
          return { works: error.detail === "Not management user" };
        }
      },
    };
  },
});

/** Removes a user who got less than requested. If that is not proven, the lifecycle must look for the key. */
async function takeBack(remove: () => Promise<boolean>, error: unknown): Promise<never> {
  try {
    await remove();
  } catch (refusal) {
    const told = `its permissions were refused, and the user could not be removed again: ${wordsOf(refusal)}`;
    throw new ResponseShapeError(`${wordsOf(error)} The key was made without them; ${told}`, { cause: refusal });
  }
  throw new ProviderError(
    `${wordsOf(error)} The user was removed again, so no key was made. Each virtual host of the scopes has to exist, and each pattern to be a regular expression.`,
    { cause: error },
  );
}

/** RabbitMQ stores one pattern for each verb on each virtual host. */
function validateKey({ scopes = [] }: AskedKey): InputProblem[] {
  const places = scopes.map((scope) => /^(?:configure|write|read):[^:]+:/.exec(scope)?.[0]).filter(Boolean);
  const twice = places.find((place, index) => places.indexOf(place) !== index);
  if (twice === undefined) return [];
  return [
    {
      field: "scopes",
      message: `RabbitMQ keeps one pattern for each verb on a virtual host, and "${twice}…" stands there more than once; write one pattern such as "${twice}^(orders|bills)"`,
    },
  ];
}

async function basic({ token }: BackendContext<undefined>): Promise<BackendSession> {
  const [, name, password] = /^([^:]+):(.+)$/.exec(await token()) ?? [];
  if (name !== undefined && password !== undefined)
    return { headers: authorization(name, password), secrets: [password] };
  throw new ConfigError(
    "the admin token of a rabbitmq connection is the name and the password of an administrator, with a colon between them: <user>:<password>. The one given has another form.",
  );
}

function authorization(name: string, password: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` };
}

function toKey({ name, password_hash, tags }: User, permissions: readonly Permission[]): ApiKey {
  return defined({
    id: name,
    name,
    accessId: name,
    status: password_hash === "" ? "disabled" : "active",
    scopes: scopesOf(tags, permissions),
    secretVersion: fingerprintOf(password_hash),
  } as const);
}
