import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { freePorts, newDataDirectory, type RunningServer, startServer } from "../server";

export interface RunningZenml extends RunningServer {
  /** A connection's `url`. */
  readonly url: string;
  /** `<user>:<password>` of the one admin. */
  readonly credential: string;
}

/** A ZenML server on SQLite, with its admin made. */
export async function startZenml(installation: string): Promise<RunningZenml> {
  const [port = 0] = await freePorts(1);
  const directory = newDataDirectory("zenml");
  const origin = `http://127.0.0.1:${port}`;
  const server = await startServer({
    name: "zenml",
    directory,
    processes: [
      [
        join(installation, "venv/bin/python"),
        "-m",
        "uvicorn",
        "zenml.zen_server.zen_server_api:app",
        "--host=127.0.0.1",
        `--port=${port}`,
        "--log-level=warning",
      ],
    ],
    env: {
      ZENML_SERVER: "true",
      ZENML_CONFIG_PATH: join(directory, "config"),
      ZENML_STORE_TYPE: "sql",
      ZENML_STORE_URL: `sqlite:///${join(directory, "zenml.sqlite")}`,
      ZENML_DEFAULT_PROJECT_NAME: "default",
      ZENML_SERVER_DEPLOYMENT_TYPE: "other",
      ZENML_SERVER_AUTH_SCHEME: "OAUTH2_PASSWORD_BEARER",
      ZENML_SERVER_AUTO_ACTIVATE: "false",
      ZENML_SERVER_SERVER_URL: origin,
      ZENML_SERVER_JWT_SECRET_KEY: randomBytes(32).toString("hex"),
      // It would look for announcements and send usage statistics.
      ZENML_SERVER_DISPLAY_ANNOUNCEMENTS: "false",
      ZENML_SERVER_DISPLAY_UPDATES: "false",
      ZENML_ANALYTICS_OPT_IN: "false",
      ZENML_DISABLE_CLIENT_SERVER_MISMATCH_WARNING: "true",
    },
    health: { url: `${origin}/health` },
  });
  const password = randomBytes(16).toString("hex");
  const activation = await fetch(`${origin}/api/v1/activate`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ admin_username: "admin", admin_password: password }),
  });
  if (activation.ok) return { ...server, url: `${origin}/api/v1`, credential: `admin:${password}` };
  await server.stop();
  throw new Error(`zenml refused its activation (${activation.status}): ${await activation.text()}`);
}
