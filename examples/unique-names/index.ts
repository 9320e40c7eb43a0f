import * as pulumi from "@pulumi/pulumi";
import { RandomPet } from "@pulumi/random";
import { ApiKey } from "pulumi-apikeys";

const config = new pulumi.Config();

// Another text here draws another name, and makes another key.
const keepers = { handover: config.get("handover") ?? "first" };

// `station-kind-otter`: easier to say on the phone than a key's id.
const name = new RandomPet("station-name", { prefix: "station", length: 2, keepers });

const station = new ApiKey("station", {
  // A prefix: what follows it on the service is unique, so the same pet drawn twice is no conflict.
  name: name.id,
  // Without it a new name would only rename the key, for Pulsely can do that.
  keepers,
  scopes: ["read:checks"],
  labels: { owner: "field-team" },
});

export const stationName = station.physicalName;
export const stationSecret = station.secret;
