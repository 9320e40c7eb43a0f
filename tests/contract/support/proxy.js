/**
 * A company's proxy in a process of its own: every host that it is asked for is the port of this machine that the
 * first argument says. A second one is the user and password that it wants. Prints its port, then what it was asked.
 */
const { createServer } = require("node:http");
const { connect } = require("node:net");

const [port, credential] = process.argv.slice(2);
const proxy = createServer((request, response) => response.writeHead(405).end());
proxy.on("connect", (request, socket) => {
  console.log(`CONNECT ${request.url}`);
  const wanted = credential && `Basic ${Buffer.from(credential).toString("base64")}`;
  socket.on("error", () => undefined);
  if (wanted && request.headers["proxy-authorization"] !== wanted)
    return socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
  const target = connect(Number(port), "127.0.0.1", () => {
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    target.pipe(socket).pipe(target);
  });
  target.on("error", () => socket.destroy());
});
proxy.listen(0, "127.0.0.1", () => console.log(proxy.address().port));
process.stdin.on("end", () => process.exit()).resume();
