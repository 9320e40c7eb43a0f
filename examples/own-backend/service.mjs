// Parcels: a small service with projects and API keys, so that the example has something to talk to.
//
//   PARCELS_ADMIN_TOKEN=… node service.mjs [port]     127.0.0.1:4020 by default; it forgets everything when it ends
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

/** What keys are for, each door with the scope that opens it. */
const doors = { "GET /parcels": "parcels.read", "POST /parcels": "parcels.write", "POST /labels": "labels.print" };
const implied = { "parcels.write": ["parcels.read"] };

const hashOf = (secret) => createHash("sha256").update(secret).digest("hex");
const yes = (body) => ({ status: 200, body });
const made = (body) => ({ status: 201, body });
const gone = { status: 204 };
const no = (status, error) => ({ status, body: { error } });

export async function startParcels({ port = 0, adminToken = randomBytes(16).toString("hex"), now = Date.now } = {}) {
  const projects = new Map();
  const seconds = () => Math.floor(now() / 1000);
  let lastId = 1000;

  const tellProject = ({ id, title }) => ({ id, title });
  /** Of the secret only a hash is kept, and nothing is told. */
  const tellKey = ({ id, label, scope, depot, expires, created }) => ({ id, label, scope, depot, expires, created });

  /** The management of projects and keys, with the admin token; `#` is an id. */
  const calls = {
    "GET /projects": () => yes({ projects: [...projects.values()].map(tellProject) }),
    "POST /projects": ({ body }) => {
      const project = { id: (lastId += 1), title: String(body.title), keys: new Map() };
      projects.set(project.id, project);
      return made(tellProject(project));
    },
    "GET /projects/#": ({ project }) => yes(tellProject(project)),
    "DELETE /projects/#": ({ project }) => (projects.delete(project.id), gone),
    "GET /projects/#/keys": ({ project }) => yes({ keys: [...project.keys.values()].map(tellKey) }),
    "POST /projects/#/keys": ({ project, body }) => {
      const {
        label,
        scope = "",
        depot = "north",
        expires = 0,
        secret = `pcl_${randomBytes(20).toString("hex")}`,
      } = body;
      const unknown = scope.split(" ").find((word) => !Object.values(doors).includes(word));
      if (unknown !== undefined) return no(400, `unknown scope "${unknown}"`);
      if (secret.length < 16) return no(400, "a secret has at least 16 characters");
      const key = { id: (lastId += 1), label, scope, depot, expires, created: seconds(), hash: hashOf(secret) };
      project.keys.set(key.id, key);
      return made({ ...tellKey(key), secret });
    },
    "GET /projects/#/keys/#": ({ key }) => yes(tellKey(key)),
    "DELETE /projects/#/keys/#": ({ project, key }) => (project.keys.delete(key.id), gone),
  };

  function manage(call, [projectId, keyId], body) {
    const project = projects.get(Number(projectId));
    const key = project?.keys.get(Number(keyId));
    if (!calls[call]) return no(404, "no such page");
    if (projectId !== undefined && !project) return no(404, "no such project");
    if (keyId !== undefined && !key) return no(404, "no such key");
    return calls[call]({ project, key, body });
  }

  function enter(door, secret) {
    const keys = [...projects.values()].flatMap((project) => [...project.keys.values()]);
    const key = keys.find(({ hash, expires }) => hash === hashOf(secret) && (expires === 0 || expires > seconds()));
    if (!key) return no(401, "unknown, revoked or expired key");
    const held = key.scope.split(" ").flatMap((scope) => [scope, ...(implied[scope] ?? [])]);
    return held.includes(doors[door]) ? yes({ ok: true }) : no(403, `this needs ${doors[door]}`);
  }

  function answer({ method, url, headers }, body) {
    const token = (headers.authorization ?? "").replace(/^Bearer /, "");
    if (doors[`${method} ${url}`]) return enter(`${method} ${url}`, token);
    if (hashOf(token) !== hashOf(adminToken)) return no(401, "only the admin token may do this");
    return manage(`${method} ${url.replace(/\d+/g, "#")}`, url.match(/\d+/g) ?? [], JSON.parse(body || "{}"));
  }

  const server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const { status, body } = answer(request, text);
    response.writeHead(status, { "content-type": "application/json" }).end(body && JSON.stringify(body));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const close = () => new Promise((done) => (server.close(done), server.closeAllConnections()));
  return { url: `http://127.0.0.1:${server.address().port}`, adminToken, close };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [port = "4020"] = process.argv.slice(2);
  const { url } = await startParcels({ port: Number(port), adminToken: process.env.PARCELS_ADMIN_TOKEN });
  console.log(`Parcels listens on ${url}`);
}
