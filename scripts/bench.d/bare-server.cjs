// The yardstick: node:http that answers a constant.
const server = require("node:http").createServer((request, response) => {
  request.resume();
  response.writeHead(200, { "content-type": "application/json" });
  response.end('{"data":[{"id":1,"name":"one","status":"up"}]}');
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })));
