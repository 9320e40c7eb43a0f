import { z } from "zod";
import { formatDuration } from "../../values/durations";
import { ConfigError } from "../../errors";
import { formatTime } from "../../values/times";
import type { IssuedApiKey } from "../definition";
import { parseAnswer } from "../parse-answer";
import { type Client, previousEndOf, toKey } from "./client";
import type { Realm } from "./realm";

const secretSchema = z.object({ value: z.string().min(1) });

/** The server generates the new secret, and keeps the old one working as long as the realm's policy says. */
export async function rotateByPolicy(realm: Realm, client: Client, graceMs: number): Promise<IssuedApiKey> {
  const realGraceMs = await realm.graceOfPolicyMs();
  if (realGraceMs < graceMs) throw shortGrace(realm.name, graceMs, realGraceMs);
  const at = `${realm.clientAt(client.id)}/client-secret`;
  const { body } = await realm.http.request({ method: "POST", path: at });
  const { value: secret } = parseAnswer("POST", at, secretSchema, body);
  // The secret must not be lost because its times cannot be read.
  const after = (await realm.findClient(client.id).catch(() => undefined)) ?? { ...client, secret };
  return { ...toKey(after), secret, previousValidUntil: previousEndOf(after) ?? formatTime(Date.now() + realGraceMs) };
}

function shortGrace(realm: string, askedMs: number, realMs: number): ConfigError {
  const found =
    realMs > 0
      ? `lets an old secret work for ${formatDuration(realMs)}`
      : "has no policy that lets an old secret work on";
  return new ConfigError(
    `the realm "${realm}" ${found}, and ${formatDuration(askedMs)} are wanted, so nothing was rotated. Set the connection's rotationGrace to the rotated-expiration-period of the realm's policy, and keep the overlap within it.`,
  );
}
