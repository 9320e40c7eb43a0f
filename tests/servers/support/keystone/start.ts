import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts, newDataDirectory, type RunningServer, startServer } from "../server";

export interface RunningKeystone extends RunningServer {
  /** A connection's `url`. */
  readonly url: string;
  /** `<user>:<password>` of the administrator. */
  readonly credential: string;
}

/** Keystone on SQLite, with the roles and the administrator that every installation begins with. */
export async function startKeystone(installation: string): Promise<RunningKeystone> {
  const [port = 0] = await freePorts(1);
  const directory = newDataDirectory("keystone");
  const url = `http://127.0.0.1:${port}/v3`;
  const password = randomBytes(16).toString("hex");
  const config = join(directory, "keystone.conf");
  // Its Python files stand in the checkout, and leave nothing beside them.
  const env = { HOME: directory, PYTHONDONTWRITEBYTECODE: "1" };
  const python = join(installation, "venv/bin/python");
  for (const name of ["tokens", "receipts", "credentials"]) mkdirSync(join(directory, name), { mode: 0o700 });
  writeFileSync(config, configuration(directory, url));
  const prepare = [join(__dirname, "prepare.py"), config, url];
  const prepareEnv = { ...env, PATH: process.env.PATH, TEST_ADMIN_PASSWORD: password };
  try {
    await promisify(execFile)(python, prepare, { cwd: directory, env: prepareEnv });
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
  const server = await startServer({
    name: "keystone",
    directory,
    // One request at a time: SQLite refuses a second writer.
    processes: [
      [
        python,
        "-m",
        "gunicorn",
        `--bind=127.0.0.1:${port}`,
        "--workers=1",
        "--threads=1",
        "--worker-class=gthread",
        "--keep-alive=75",
        "--no-control-socket",
        `--pythonpath=${__dirname}`,
        "loopback_app:application",
      ],
    ],
    env: { ...env, OS_KEYSTONE_CONFIG_FILES: config },
    health: { url },
  });
  return { ...server, url, credential: `admin:${password}` };
}

function configuration(directory: string, url: string): string {
  return `[DEFAULT]
public_endpoint = ${url.replace(/\/v3$/, "")}
[database]
connection = sqlite:///${directory}/keystone.db
[fernet_tokens]
key_repository = ${directory}/tokens
[fernet_receipts]
key_repository = ${directory}/receipts
[credential]
key_repository = ${directory}/credentials
[identity]
password_hash_algorithm = bcrypt
# The fewest: a test logs in a hundred times.
password_hash_rounds = 4
[oslo_messaging_notifications]
driver = noop
`;
}
