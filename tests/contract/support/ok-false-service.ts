import { type LoopbackServer, startLoopbackServer } from "../../../testing/loopback-server";

/** The same service, as one that answers everything with 200: of a refusal, `{"ok": false, "status": 404}` says which one it is. */
export function startOkFalse(url: string): Promise<LoopbackServer> {
  return startLoopbackServer((incoming, outgoing) => {
    void (async () => {
      const { method = "", url: at = "", headers } = incoming;
      let body = "";
      for await (const part of incoming.setEncoding("utf8")) body += part as string;
      const { authorization = "", "content-type": type = "application/json" } = headers;
      const init = { method, headers: { authorization, "content-type": type }, ...(body !== "" && { body }) };
      const answer = await fetch(new URL(at, url), init);
      const told = answer.ok ? { ok: true, ...parsed(await answer.text()) } : { ok: false, status: answer.status };
      outgoing.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(told));
    })().catch(() => incoming.socket.destroy());
  });
}

const parsed = (text: string) => (text === "" ? {} : (JSON.parse(text) as object));
