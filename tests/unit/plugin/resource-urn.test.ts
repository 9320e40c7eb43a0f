import { describe, expect, test } from "@jest/globals";
import { readUrn } from "../../../plugin/resource-urn";

describe("A resource's URN", () => {
  test.each([
    ["urn:pulumi:dev::shop::apikeys:index:ApiKey::ci", "ApiKey", "acme/shop/dev/ci"],
    [
      "urn:pulumi:dev::shop::acme:index:Team$apikeys:index:RotatingApiKey::a/b::c",
      "RotatingApiKey",
      "acme/shop/dev/a/b::c",
    ],
  ])("tells the class, and which resource of which stack it is: %s", (urn, className, origin) => {
    expect(readUrn(urn, "acme")).toEqual({ className, origin });
  });

  test.each([
    "urn:pulumi:dev::shop::apikeys:index:MasterKey::ci",
    "urn:pulumi:dev::shop::acme:index:ApiKey::ci",
    "urn:pulumi:dev::shop::apikeys:index:constructor::ci",
  ])("of another type is refused with the types that there are: %s", (urn) => {
    expect(() => readUrn(urn, "acme")).toThrow(
      /there is no resource type .*write apikeys:index:ApiKey, apikeys:index:RotatingApiKey, apikeys:index:ServiceAccount/,
    );
  });
});
