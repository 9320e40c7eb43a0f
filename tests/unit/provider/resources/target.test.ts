import { describe, expect, test } from "@jest/globals";
import { ConfigError } from "../../../../provider/errors";
import { assertSameTarget, targetOf } from "../../../../provider/resources/target";
import { FakeService } from "../support/fake-service";

const facts = new FakeService().connection();
const service = "http://127.0.0.1:4010";
const target = targetOf(facts);

describe("an object that was made elsewhere than its connection leads to now", () => {
  test("is touched by nothing, and both places are named", () => {
    const refused = () =>
      assertSameTarget(facts, { connection: "default", service: "https://old.example.com", target });
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(
      'connection "default" now leads to http://127.0.0.1:4010, but this object was made on https://old.example.com. Nothing was sent. If the service has moved, add movedFrom: ["https://old.example.com"] to the connection; if this is another service, give it a connection of its own.',
    );
  });

  test("by another backend is told so first", () => {
    expect(() =>
      assertSameTarget(facts, { connection: "default", service, target: { backend: "novavms", origin: service } }),
    ).toThrow(
      'connection "default" now uses the backend "fake", but this object was made with "novavms". Nothing was sent.',
    );
  });

  test.each([
    ["the service is the one that made it", { connection: "default", service, target }],
    [
      "the connection says where the service has moved from",
      { connection: "default", service: "https://moved.example.com", target },
    ],
    [
      "the object was made on another connection, which replaces it",
      { connection: "other", service: "https://old.example.com", target },
    ],
    ["the record is too old to tell", { connection: "default" }],
  ])("goes on where %s", (_title, recorded) => {
    expect(() => assertSameTarget({ ...facts, movedFrom: ["https://moved.example.com"] }, recorded)).not.toThrow();
  });
});
