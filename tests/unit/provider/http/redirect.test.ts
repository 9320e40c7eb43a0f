import { describe, expect, test } from "@jest/globals";
import { redirectWords } from "../../../../provider/http/redirect";

const asked = "http://vms.example.com/api/v1/keys?page=2";

describe("where a redirect leads is told in our own words", () => {
  test.each([
    ["https://vms.example.com/api/v1/keys?page=2", "to https on the same host"],
    ["https://vms.example.com/login", "to https on the same host"],
    ["/api/v1/keys/", "to the same path with a slash at its end"],
    ["/login?next=%2Fapi", "to another path of the same server"],
    ["//vms.example.com:8443/api/v1/keys", "to another port of the same host"],
    ["https://other.example.com/", "to another host"],
    ["//other.example.com/api/v1/keys", "to another host"],
    ["?page=3", "to the same path with another query"],
    ["?page=2", "to the address that was asked"],
    ["ftp://vms.example.com/api", "to an address that is not on the web"],
    ["mailto:root", "to another host"],
    ["http://[", "to something that is not an address"],
    ["", "to the address that was asked"],
    [undefined, "to nowhere that it names"],
  ])("%s: %s", (location, where) => {
    expect(redirectWords(asked, location).where).toBe(where);
  });

  test("over https as well", () => {
    const secure = "https://vms.example.com/api/keys/";
    expect(redirectWords(secure, "/api/keys").where).toBe("to the same path without the slash at its end");
    expect(redirectWords(secure, "http://vms.example.com/api/keys/")).toEqual({
      where: "to plain http on the same host",
      advice: "ask whoever runs the service: over plain http the credential would travel unencrypted",
    });
  });

  test("and what to do about it follows from that", () => {
    expect(redirectWords(asked, "https://vms.example.com/").advice).toBe("write https:// in the connection's url");
    expect(redirectWords(asked, "/login").advice).toMatch(/^check the path of the connection's url/);
    expect(redirectWords(asked, "https://login.example.com/").advice).toMatch(/real base address; open .*curl -I/);
  });

  test("in which no piece of the address stands, whatever it holds", () => {
    const secret = "s k _ l i v e _ 0123456789abcdef";
    for (const before of [
      "/",
      "//",
      "?",
      "#",
      "https://",
      "http://vms.example.com/",
      "http://vms.example.com:81/",
      "x:",
    ]) {
      const told = JSON.stringify(redirectWords(asked, before + secret));
      for (let at = 0; at + 4 <= secret.length; at += 1)
        expect({ before, leaked: told.includes(secret.slice(at, at + 4)) }).toEqual({ before, leaked: false });
    }
  });
});
