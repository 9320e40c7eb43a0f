import type { RunningKeycloak } from "./start";

/** A realm's policy on client secrets. */
export interface SecretPolicy {
  readonly lifeSeconds: number;
  readonly graceSeconds: number;
}

/** What the server itself answers, past the backend. */
export async function send(
  { url, credential }: RunningKeycloak,
  method: string,
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly location: string; readonly body: unknown }> {
  const [username = "", password = ""] = credential.split(":");
  const login = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "password", client_id: "admin-cli", username, password }),
  });
  const { access_token } = (await login.json()) as { access_token: string };
  const headers = { authorization: `Bearer ${access_token}`, "content-type": "application/json" };
  const answer = await fetch(`${url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const text = await answer.text();
  return {
    status: answer.status,
    location: answer.headers.get("location") ?? "",
    body: text === "" ? undefined : (JSON.parse(text) as unknown),
  };
}

export async function ask(server: RunningKeycloak, method: string, path: string, body?: object): Promise<unknown> {
  const answer = await send(server, method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export async function createRealm(server: RunningKeycloak, realm: string, policy?: SecretPolicy): Promise<void> {
  await ask(server, "POST", "/admin/realms", { realm, enabled: true });
  if (policy) await setPolicy(server, realm, policy);
}

/** Holds for every confidential client from now on. */
export async function setPolicy(
  server: RunningKeycloak,
  realm: string,
  { lifeSeconds, graceSeconds }: SecretPolicy,
): Promise<void> {
  const configuration = {
    "expiration-period": lifeSeconds,
    "rotated-expiration-period": graceSeconds,
    "remaining-rotation-period": 1,
  };
  await ask(server, "PUT", `/admin/realms/${realm}/client-policies/profiles`, {
    profiles: [{ name: "rotation", executors: [{ executor: "secret-rotation", configuration }] }],
  });
  const conditions = [{ condition: "client-access-type", configuration: { type: ["confidential"] } }];
  await ask(server, "PUT", `/admin/realms/${realm}/client-policies/policies`, {
    policies: [{ name: "rotation", enabled: true, conditions, profiles: ["rotation"] }],
  });
}

/** What a key's holder does: asks for an access token. */
export async function logInWith(
  { url }: RunningKeycloak,
  realm: string,
  clientId: string,
  secret: string,
): Promise<{ readonly status: number; readonly scope: string }> {
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: clientId, client_secret: secret });
  const answer = await fetch(`${url}/realms/${realm}/protocol/openid-connect/token`, { method: "POST", body: form });
  const { scope = "" } = (await answer.json()) as { scope?: string };
  return { status: answer.status, scope };
}
