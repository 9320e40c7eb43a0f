/**
 * Zabbix from 6.0 on (https://www.zabbix.com/documentation/6.0/en/manual/api/reference/token): API tokens of users. The
 * connection's `url` is that of the frontend, without `api_jsonrpc.php`. Its credential is an API token of a Super
 * admin.
 *
 * Oddities:
 * - a token has no rights of its own: it can do everything that its user may. With Zabbix's default roles a user may
 *   also make more tokens for itself; with a role without "Manage API tokens" it may not
 * - JSON-RPC: a refusal is a 200, and only its words say which one
 * - a token is made without a secret, and a second call gives it one. That call gives a new one at any later time, and
 *   the one before stops at once
 * - a missing object and one that the credential may not see give the same empty list. Anyone but a Super admin sees
 *   only their own, so an absence and a list count only after the credential has proven to be a Super admin's
 * - an end in the past is accepted; 0 is "never"
 * - before 6.4 the credential is in the body of each call; from 7.2 on it may only be in a header
 * - a user with a role without API access gets tokens that open nothing, so no account is made with such a role
 * - every user belongs to a group. New ones go to the connection's `userGroup`, by default "No access to the frontend";
 *   a user in any disabled group is disabled
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { defined } from "../values/defined";
import { InputError } from "../errors";
import { formatTime } from "../values/times";
import { zabbix as vendor } from "../vendors/zabbix";
import { connectionFields } from "./connection-fields";
import { defineBackend } from "./define-backend";
import type { ApiKey, BackendContext, ServiceAccount } from "./definition";
import { halfMade } from "./half-made";
import { ZabbixApi } from "./zabbix/api";

const readOptions = connectionFields("zabbix", {
  userGroup: {
    schema: z.string().min(1).default("No access to the frontend"),
    takes: "the name of the user group in which new accounts are",
  },
});
type Options = ReturnType<typeof readOptions>;

const idSchema = z.string().regex(/^\d+$/);
const tokenSchema = z.object({
  tokenid: idSchema,
  name: z.string(),
  description: z.string(),
  lastaccess: z.string(),
  status: z.enum(["0", "1"]),
  expires_at: z.string(),
  created_at: z.string(),
});
const userSchema = z.object({
  userid: idSchema,
  username: z.string().min(1),
  usrgrps: z.array(z.object({ users_status: z.string() })),
  role: z.union([z.object({ name: z.string() }), z.array(z.never())]),
});
const roleSchema = z.object({ roleid: idSchema, name: z.string(), rules: z.object({ "api.access": z.string() }) });
const secretSchema = z.tuple([z.object({ token: z.string().min(1) })]);
const idsOf = (field: "tokenids" | "userids") =>
  z.object({ [field]: z.tuple([idSchema]) }).transform((ids) => ids[field]?.[0] ?? "");

export const zabbix = defineBackend<Options>({
  ...vendor,
  options: readOptions,
  connect: ({ http, token, options: { userGroup } }: BackendContext<Options>) => {
    const api = new ZabbixApi(http, token);
    const findTokens = (params: object) => api.read("token.get", params, z.array(tokenSchema));
    const findToken = async (tokenid: string, userid: string | undefined) => {
      if (!isId(tokenid)) return undefined;
      return (await findTokens(defined({ tokenids: [tokenid], userids: userid && [userid] })))[0];
    };
    const findUsers = (params: object) =>
      api.read(
        "user.get",
        { ...params, output: ["userid", "username"], selectUsrgrps: ["users_status"], selectRole: ["name"] },
        z.array(userSchema),
      );
    const findUser = async (userid: string) => (isId(userid) ? (await findUsers({ userids: [userid] }))[0] : undefined);
    const drawSecret = async (tokenid: string) => (await api.write("token.generate", [tokenid], secretSchema))[0].token;
    const roleId = async (name: string) => {
      const roles = await api.read(
        "role.get",
        { output: ["roleid", "name"], selectRules: ["api.access"] },
        z.array(roleSchema),
      );
      const role = roles.find((known) => known.name === name);
      if (!role)
        throw new InputError(
          "role",
          `this Zabbix has no role "${name}" (its roles: ${roles.map((known) => known.name).join(", ")}). Nothing was changed.`,
        );
      if (role.rules["api.access"] === "1") return role.roleid;
      throw new InputError(
        "role",
        `the role "${name}" has no access to the API, so a key of its users would open nothing. Nothing was changed.`,
      );
    };
    const groupId = async () => {
      const groups = await api.read(
        "usergroup.get",
        { output: ["usrgrpid"], filter: { name: userGroup } },
        z.array(z.object({ usrgrpid: idSchema })),
      );
      if (groups[0]) return groups[0].usrgrpid;
      throw new InputError(
        "name",
        `this Zabbix has no user group "${userGroup}" for the account; make it, or correct the connection's "userGroup". Nothing was changed.`,
      );
    };
    const needUser = async (userid: string) =>
      (await findUser(userid)) ?? api.refusal("user.get", "there is no such user");
    const needToken = async (tokenid: string) =>
      (await findToken(tokenid, undefined)) ?? api.refusal("token.get", "there is no such token");
    return {
      async createKey({ serviceAccountId: userid = "", name, description, expiresAt }) {
        const asked = defined({ name, userid, description, expires_at: expiresAt && secondsOf(expiresAt) });
        const tokenid = await api.write("token.create", asked, idsOf("tokenids"));
        // If this fails, the token has no secret; the lifecycle finds it by its name.
        const secret = await halfMade(() => drawSecret(tokenid));
        return { ...toKey(await halfMade(() => needToken(tokenid))), secret };
      },
      async getKey({ id, serviceAccountId }) {
        const token = (await findToken(id, serviceAccountId)) ?? (await api.seesAll());
        return token && toKey(token);
      },
      async listKeys({ serviceAccountId = "" }) {
        await api.seesAll();
        if (!(await findUser(serviceAccountId))) return undefined;
        return (await findTokens({ userids: [serviceAccountId] })).map(toKey);
      },
      async updateKey({ id }, { name, description, expiresAt }) {
        const end = expiresAt === null ? 0 : expiresAt && secondsOf(expiresAt);
        await api.change("token.update", defined({ tokenid: id, name, description, expires_at: end }));
        return toKey(await needToken(id));
      },
      async revokeKey({ id, serviceAccountId }) {
        if (!(await findToken(id, serviceAccountId))) return (await api.seesAll()) ?? "absent";
        await api.write("token.delete", [id], idsOf("tokenids"));
        return "revoked";
      },
      async enableKey({ id }) {
        await api.change("token.update", { tokenid: id, status: 0 });
      },
      async rotateKey({ id }) {
        const secret = await drawSecret(id);
        return { ...toKey(await halfMade(() => needToken(id))), secret };
      },
      async probe({ secret }) {
        return { works: await api.accepts(secret) };
      },
      async createServiceAccount({ name, role = "" }) {
        const [roleid, usrgrpid] = [await roleId(role), await groupId()];
        // Nobody logs in with it. Zabbix requires each kind of character.
        const passwd = `Aa1!${randomBytes(24).toString("base64url")}`;
        const user = { username: name, roleid, usrgrps: [{ usrgrpid }], passwd };
        const userid = await api.write("user.create", user, idsOf("userids"), [passwd]);
        return toAccount(await halfMade(() => needUser(userid)));
      },
      async getServiceAccount(id) {
        const user = (await findUser(id)) ?? (await api.seesAll());
        return user && toAccount(user);
      },
      async listServiceAccounts({ name }) {
        await api.seesAll();
        const found = await findUsers(name === undefined ? {} : { filter: { username: name } });
        return found.filter(({ username }) => name === undefined || username === name).map(toAccount);
      },
      async updateServiceAccount(userid, { name, role }) {
        const roleid = role === undefined ? undefined : await roleId(role);
        await api.change("user.update", defined({ userid, username: name, roleid }));
        return toAccount(await needUser(userid));
      },
      async deleteServiceAccount(id) {
        if (!(await findUser(id))) return (await api.seesAll()) ?? "absent";
        await api.write("user.delete", [id], idsOf("userids"));
        return "deleted";
      },
    };
  },
});

/** Zabbix's ids are numbers; it refuses anything else as a mistake. */
function isId(text: string): boolean {
  return /^\d{1,18}$/.test(text);
}

function secondsOf(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}

/** Seconds since the epoch; 0 is never. */
function timeOf(seconds: string): string | undefined {
  return seconds === "0" ? undefined : formatTime(Number(seconds) * 1000);
}

function toKey(token: z.infer<typeof tokenSchema>): ApiKey {
  return defined({
    id: token.tokenid,
    name: token.name,
    status: token.status === "0" ? "active" : "disabled",
    description: token.description === "" ? undefined : token.description,
    createdAt: timeOf(token.created_at),
    expiresAt: timeOf(token.expires_at),
    lastUsedAt: timeOf(token.lastaccess),
  } as const);
}

function toAccount({ userid, username, usrgrps, role }: z.infer<typeof userSchema>): ServiceAccount {
  return defined({
    id: userid,
    name: username,
    status: usrgrps.some(({ users_status }) => users_status === "1") ? "disabled" : "active",
    role: Array.isArray(role) ? undefined : role.name,
  } as const);
}
