import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { freePorts, newDataDirectory, type RunningServer, startServer } from "../server";

export interface RunningHub extends RunningServer {
  /** A connection's `url`. */
  readonly url: string;
  readonly adminToken: string;
  /** A credential whose scopes are limited to the members of the group "service-accounts". */
  readonly limitedToken: string;
}

/**
 * JupyterHub behind its proxy, with the groups, roles and custom scopes of `hub-config.py`.
 *
 * @param mostSeconds - the longest life of a token; 0 = as long as one likes
 */
export async function startHub(
  installation: string,
  { mostSeconds = 0 }: { readonly mostSeconds?: number } = {},
): Promise<RunningHub> {
  const [port = 0, hubPort = 0, proxyPort = 0] = await freePorts(3);
  const [adminToken = "", limitedToken = "", proxyToken = "", cookieSecret = ""] = Array.from({ length: 4 }, () =>
    randomBytes(32).toString("hex"),
  );
  const url = `http://127.0.0.1:${port}/hub/api`;
  const proxy = join(installation, "node_modules/configurable-http-proxy/bin/configurable-http-proxy");
  const server = await startServer({
    name: "jupyterhub",
    directory: newDataDirectory("jupyterhub"),
    processes: [
      [
        process.execPath,
        proxy,
        "--ip=127.0.0.1",
        `--port=${port}`,
        "--api-ip=127.0.0.1",
        `--api-port=${proxyPort}`,
        "--log-level=warn",
      ],
      [
        join(installation, "venv/bin/python"),
        "-m",
        "jupyterhub",
        "--config",
        join(__dirname, "hub-config.py"),
        "--log-level=WARN",
      ],
    ],
    env: {
      TEST_PORTS: [port, hubPort, proxyPort].join(" "),
      TEST_MOST_SECONDS: String(mostSeconds),
      TEST_ADMIN_TOKEN: adminToken,
      TEST_LIMITED_TOKEN: limitedToken,
      CONFIGPROXY_AUTH_TOKEN: proxyToken,
      JPY_COOKIE_SECRET: cookieSecret,
    },
    health: { url: `${url}/user`, headers: { authorization: `token ${adminToken}` } },
  });
  return { ...server, url, adminToken, limitedToken };
}
