// Stands in for Acme until the test talks to the real one. Then delete it.
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

const known = ["items.read", "items.write"];

export async function startStub() {
  const adminToken = randomBytes(16).toString("hex");
  const keys = new Map();
  const tell = ({ id, name, scopes }) => ({ id, name, scopes });

  function answer(method, url, token, body) {
    const secret = token.replace(/^Bearer /, "");
    if (url.pathname === "/items")
      return [...keys.values()].some((key) => key.secret === secret) ? [200, []] : [401, { message: "unknown key" }];
    if (secret !== adminToken) return [401, { message: "unknown token" }];
    const id = decodeURIComponent(url.pathname.slice("/keys/".length));
    if (url.pathname === "/keys" && method === "POST") {
      if (!body.scopes?.every((scope) => known.includes(scope))) return [400, { message: "unknown scope" }];
      const key = { ...body, id: randomUUID(), secret: `acme_${randomBytes(20).toString("hex")}` };
      keys.set(key.id, key);
      return [201, { ...tell(key), secret: key.secret }];
    }
    if (url.pathname === "/keys") {
      const page = Number(url.searchParams.get("page") ?? 1);
      const all = [...keys.values()].map(tell);
      return [200, { keys: all.slice(2 * page - 2, 2 * page), ...(all.length > 2 * page && { next: page + 1 }) }];
    }
    if (!keys.has(id)) return [404, { message: "no such key" }];
    if (method === "GET") return [200, tell(keys.get(id))];
    keys.delete(id);
    return [204];
  }

  const server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const url = new URL(request.url, "http://stub");
    const [status, body] = answer(request.method, url, request.headers.authorization ?? "", JSON.parse(text || "{}"));
    response.writeHead(status, { "content-type": "application/json" }).end(body && JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => new Promise((done) => (server.close(done), server.closeAllConnections()));
  return { url: `http://127.0.0.1:${server.address().port}`, adminToken, close };
}
