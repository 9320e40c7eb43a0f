import { Duplex } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import { watchConnection } from "../../../../provider/http/network";

/** A connection on which the service says what the test does. */
class Spoken extends Duplex {
  say(text: string): void {
    this.push(text);
  }
  override _read(): void {
    // What is said comes by itself.
  }
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

function heard(socket: Duplex): string {
  let text = "";
  for (let bytes = socket.read() as Buffer | null; bytes !== null; bytes = socket.read() as Buffer | null)
    text += bytes.toString();
  return text;
}

describe("a connection that is watched", () => {
  test("loses interim answers, wherever they are cut, and nothing else", () => {
    const socket = new Spoken();
    watchConnection(socket);
    for (const [said, expected] of [
      ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2", "HTTP/1.1 2"],
      ["01 Created\r\n\r\n", "01 Created\r\n\r\n"],
      // In the middle of an answer it is text.
      ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"],
    ] as const) {
      socket.say(said);
      expect(heard(socket)).toBe(expected);
    }
    socket.write("the next request");
    for (const said of ["HTTP/1.", "1 100 Con", "tinue\r\nx: y\r\n", "\r\nHT"]) {
      socket.say(said);
      expect(heard(socket)).toBe("");
    }
    socket.say("TP/1.1 204 No Content\r\n\r\n");
    expect(heard(socket)).toBe("HTTP/1.1 204 No Content\r\n\r\n");
  });

  test("has no interim answer without end", () => {
    const socket = new Spoken();
    watchConnection(socket);
    const head = `HTTP/1.1 100 Continue\r\n${"x-more: a\r\n".repeat(2_000)}`;
    socket.say(head);
    expect(heard(socket)).toBe(head);
  });

  test("knows whether the service has answered: an alert after that is no refusal of the handshake", () => {
    const socket = new Spoken();
    const { hasAnswered } = watchConnection(socket);
    socket.write("a request");
    expect([heard(socket), hasAnswered()]).toEqual(["", false]);
    socket.say("HTTP/1.1 100 Continue\r\n\r\n");
    expect([heard(socket), hasAnswered()]).toEqual(["", true]);
  });
});
