import { describe, expect, test } from "@jest/globals";
import { call } from "./support/services";
import { Team } from "./support/team";

/** A rotating key, and a key that is made anew whenever the rotating one is: its inputs replace. */
const program = (owner: string): string => `"use strict";
const { ApiKey, RotatingApiKey } = require("pulumi-apikeys");
const turning = new RotatingApiKey("turning", {
  scopes: ["read:metrics"], rotateEvery: "4d", overlap: "2d", labels: { owner: "${owner}", purpose: "export" },
});
const follows = new ApiKey("follows", {
  scopes: ["read:checks"], keepers: { of: turning.fingerprint }, labels: { owner: "web-team", purpose: "page" }, expiresIn: "60d",
});
exports.turning = turning.secret;
exports.previous = turning.previousSecret;
exports.follows = follows.secret;
`;

describe("Deploying and rotating on every night of a rotation's life", () => {
  test("pass for ten days: quiet nights, the mint, the overlap, the retirement, and a change of labels, with a consumer that would be replaced", async () => {
    const team = await Team.open({ "index.js": program("data-team") });
    const { pulsely } = team.services.services;
    try {
      await team.goTo("2027-03-01T04:37:00Z");
      await team.must("pulumi stack init prod --non-interactive");
      await team.commit("main", "A rotating key and one that follows it");
      const refused = await team.deploy();
      expect((await team.deploy(/sha256:[0-9a-f]{64}/.exec(refused.summary)?.[0] ?? "none")).conclusion).toBe(
        "success",
      );
      let outputs = await team.outputs();

      const nights: string[] = [];
      let old: string | undefined;
      for (let day = 1; day <= 10; day += 1) {
        await team.goTo(new Date(Date.UTC(2027, 2, 1 + day, 4, 37)).toISOString());
        if (day === 5) {
          // A change of labels alone: the engine plans the consumer's replacement, and does not do it.
          await team.commit("main", "Another owner", { "index.js": program("platform-team") });
          const labels = await team.deploy();
          expect([day, labels.conclusion, labels.log]).toEqual([
            day,
            "success",
            expect.stringContaining("Nobody's access changes"),
          ]);
        }
        const night = await team.rotate();
        expect([day, night.conclusion, night.log]).toEqual([
          day,
          "success",
          expect.not.stringContaining("pending operation"),
        ]);
        const now = await team.outputs();
        const turned = now.turning !== outputs.turning;
        // The one that follows is made anew exactly when the key is, whatever the preview thought.
        expect([day, now.follows !== outputs.follows]).toEqual([day, turned]);
        expect(await call(pulsely.url, "/metrics", now.turning!)).toBe(200);
        expect(await call(pulsely.url, "/checks", now.follows!)).toBe(200);
        if (turned) old = outputs.turning;
        const lives = old !== undefined && (await call(pulsely.url, "/metrics", old)) === 200;
        if (turned) nights.push("mint");
        else if (lives) nights.push("overlap");
        else nights.push(old === undefined ? "quiet" : "retirement");
        if (!lives) old = undefined;
        outputs = now;
      }
      // The labels change on the fifth, in the overlap.
      const life = ["mint", "overlap", "overlap", "retirement"];
      expect(nights).toEqual(["quiet", "quiet", "quiet", ...life, ...life.slice(0, -1)]);
      team.scan();
    } finally {
      await team.close();
    }
  }, 600_000);
});
