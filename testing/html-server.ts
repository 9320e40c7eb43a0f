import { type LoopbackServer, startLoopbackServer } from "./loopback-server";

/** A server that answers everything with a page for people, as a wrong URL does. */
export function startHtmlServer(status: 200 | 404): Promise<LoopbackServer> {
  return startLoopbackServer((request, response) => {
    request.resume();
    response.writeHead(status, { "content-type": "text/html" }).end("<!doctype html>\n<title>Welcome</title>\n");
  });
}
