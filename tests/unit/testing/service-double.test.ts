import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type ServiceDouble, startServiceDouble } from "../../../testing/service-double";
import { ok, type ScriptedServer, startScriptedServer } from "../../contract/support/scripted-server";

describe("the double in front of a service", () => {
  let service: ScriptedServer;
  let double: ServiceDouble;
  beforeEach(async () => {
    service = await startScriptedServer();
    double = await startServiceDouble(service.url);
  });
  afterEach(async () => {
    await double.close();
    await service.close();
  });

  const told = { status: 200, headers: { "content-type": "application/json" }, body: '{"ok":true}' };
  const limited = (retryAfter: string) => ({ status: 429, headers: { "retry-after": retryAfter }, body: "{}" });

  test("asks a service again that limits requests, so that a promise about an interruption is not broken by the pace of the suite", async () => {
    service.script(limited("0"), limited(new Date(0).toUTCString()), ok);
    const answer = await fetch(`${double.url}/keys`, { method: "POST", body: '{"name":"one"}' });
    expect(answer.status).toBe(200);
    expect(service.requests.map(({ body }) => body)).toEqual(Array(3).fill('{"name":"one"}'));
    expect(double.requests).toHaveLength(1);
  });

  test.each([limited("3600"), { status: 429, body: "{}" }])(
    "passes on a limit whose end is far or unknown",
    async (far) => {
      service.script(far);
      expect((await fetch(`${double.url}/keys`)).status).toBe(429);
      expect(service.requests).toHaveLength(1);
    },
  );

  test("exchanges the body of an answer alone: where a list goes on may be in a header", async () => {
    service.script({
      ...told,
      headers: { ...told.headers, link: '</keys?after=1>; rel="next"', "content-length": "11" },
    });
    double.interrupt(() => ({ exchange: () => '{"another":"and longer body"}' }));
    const answer = await fetch(`${double.url}/keys`);
    expect(await answer.text()).toBe('{"another":"and longer body"}');
    expect(answer.headers.get("link")).toBe('</keys?after=1>; rel="next"');
  });
});
