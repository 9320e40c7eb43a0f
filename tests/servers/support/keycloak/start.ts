import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { freePorts, newDataDirectory, type RunningServer, startServer } from "../server";

export interface RunningKeycloak extends RunningServer {
  /** A connection's `url`. */
  readonly url: string;
  /** `<user>:<password>` of the administrator. */
  readonly credential: string;
}

/** Keycloak with its database in memory: it starts empty, with the realm of its administrator. */
export async function startKeycloak(installation: string): Promise<RunningKeycloak> {
  const [port = 0] = await freePorts(1);
  const directory = newDataDirectory("keycloak");
  const url = `http://127.0.0.1:${port}`;
  const password = randomBytes(16).toString("hex");
  const server = await startServer({
    name: "keycloak",
    directory,
    processes: [
      [
        join(installation, "keycloak/bin/kc.sh"),
        ...[
          "start",
          "--optimized",
          "--cache=local",
          "--http-enabled=true",
          "--hostname-strict=false",
          "--http-host=127.0.0.1",
          `--http-port=${port}`,
        ],
      ],
    ],
    env: {
      KC_BOOTSTRAP_ADMIN_USERNAME: "admin",
      KC_BOOTSTRAP_ADMIN_PASSWORD: password,
      JAVA_OPTS_KC_HEAP: "-Xms64m -Xmx512m",
      // They would lie in the installation, which other runs share, and in the machine's temporary directory.
      JAVA_OPTS_APPEND: [
        `-Dquarkus.transaction-manager.object-store.directory=${join(directory, "transactions")}`,
        `-Djava.io.tmpdir=${directory}`,
        "-XX:-UsePerfData",
      ].join(" "),
    },
    health: { url: `${url}/realms/master` },
  });
  return { ...server, url, credential: `admin:${password}` };
}
