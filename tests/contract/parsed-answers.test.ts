import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createHttpClient } from "../../provider/http/client";

/** What the next request is answered. */
let next: { status: number; body: string };
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer((_request, response) => {
    response.writeHead(next.status, { "content-type": "text/xml" }).end(next.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((done) => server.close(done)));
beforeEach(() => {
  next = { status: 200, body: "" };
});

const secret = "Zq8vT2mKx4LrP9wN3bYc";
/** `a=1;b=2`, in angle brackets. */
const parse = (text: string): unknown => {
  const inner = /^<<(.*)>>$/.exec(text.trim())?.[1];
  if (inner === undefined) throw new Error(`cannot read ${text}`);
  return Object.fromEntries(inner.split(";").map((pair) => pair.split("=")));
};
const get = { method: "GET", path: "/key", parse } as const;

describe("An answer that is not JSON and that the backend reads", () => {
  const client = () => createHttpClient({ url, retryBudgetMs: 0 });

  test("is the body, and an empty one is none", async () => {
    next = { status: 200, body: "<<id=7;name=ci>>" };
    expect(await client().request(get)).toMatchObject({ body: { id: "7", name: "ci" } });
    next = { status: 204, body: "" };
    expect((await client().request(get)).body).toBeUndefined();
  });

  test("in another form is an error that quotes nothing of it, a missing thing's answer included", async () => {
    for (const status of [200, 404]) {
      next = { status, body: `<html>${secret}</html>` };
      const error: unknown = await client()
        .request({ ...get, absent: [404] })
        .catch((thrown: unknown) => thrown);
      expect(String(error)).toMatch(/answered (200|404) with a body that its backend cannot read \(text\/xml/);
      expect(String(error)).not.toContain(secret);
    }
  });

  test("that refuses tells its words, and one in the right form is an absence", async () => {
    next = { status: 422, body: "<<message=the title is too long>>" };
    await expect(client().request(get)).rejects.toThrow("the title is too long");
    next = { status: 404, body: "<<message=no such key>>" };
    expect(await client().request({ ...get, absent: [404] })).toMatchObject({ absent: true });
    next = { status: 500, body: `<<${secret}` };
    await expect(client().request(get)).rejects.not.toThrow(secret);
  });
});
