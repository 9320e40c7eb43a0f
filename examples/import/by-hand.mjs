// Plays the people who made keys before there was a program: an account of NovaVMS with two keys. Prints what they know of them,
// for the shell: `eval "$(node by-hand.mjs URL)"`.
import process from "node:process";

const api = `${process.argv[2]}/novavms/api/v1`;
const headers = { authorization: `Bearer ${process.env.NOVAVMS_ADMIN_TOKEN}`, "content-type": "application/json" };

async function post(path, body) {
  const answer = await fetch(`${api}/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

const account = await post("service-accounts", { name: "legacy", role: "viewer" });
const camera = await post(`service-accounts/${account.id}/keys`, { name: "camera", scopes: ["cameras:read"] });
const events = await post(`service-accounts/${account.id}/keys`, { name: "events", scopes: ["events:read"] });
// Of the second key nobody has the secret any more.
console.log(`account=${account.id} camera=${camera.id} camera_secret=${camera.key} events=${events.id}`);
