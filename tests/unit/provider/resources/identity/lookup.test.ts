import { expect, test } from "@jest/globals";
import { withLookups } from "../../../../../provider/resources/identity/imported";
import { createRotatingApiKeyProvider } from "../../../../../provider/resources/rotation/resource";
import { origin } from "../../support/fake-service";
import { madeKey } from "../../support/resources";

test("A rotating key that a program reads by get has no schedule, age or reason that nobody has told.", async () => {
  const { service, key } = await madeKey();
  const rotating = withLookups(createRotatingApiKeyProvider(service.context()));
  const read = (id: string, props: object) => rotating.read!(id, props as never);
  const seen = await read(`default/${String(key.outs.keyId)}`, { origin });
  const again = await read(String(seen.id), seen.props ?? {});
  for (const { props = {}, inputs = {} } of [seen, again]) {
    expect(props).toMatchObject({ keyId: key.outs.keyId, createdAt: key.outs.createdAt, status: "active" });
    for (const name of ["rotateEvery", "nextRotationAt", "generation", "issuedOn", "rotatedAt", "rotationReason"])
      for (const told of [props, inputs]) expect(told).not.toHaveProperty(name);
  }
});
