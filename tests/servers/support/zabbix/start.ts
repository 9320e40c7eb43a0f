import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts, newDataDirectory, type RunningServer, startServer } from "../server";

export interface RunningZabbix extends RunningServer {
  /** A connection's `url`. */
  readonly url: string;
  /** An API token of a Super admin. */
  readonly adminToken: string;
}

/** Zabbix's API on a database of this run's own. What watches hosts is not started: tokens need none of it. */
export async function startZabbix(installation: string): Promise<RunningZabbix> {
  const [port = 0] = await freePorts(1);
  const directory = newDataDirectory("zabbix");
  const url = `http://127.0.0.1:${port}`;
  const socket = join(directory, "mariadb.sock");
  cpSync(join(installation, "database"), join(directory, "database"), { recursive: true });
  mkdirSync(join(directory, "sessions"));
  writeFileSync(join(directory, "zabbix.conf.php"), configuration);
  const server = await startServer({
    name: "zabbix",
    directory,
    processes: [database(installation, directory, socket), web(installation, directory, { port, socket })],
    env: {
      LD_LIBRARY_PATH: join(installation, "usr/lib/arch"),
      ZABBIX_CONFIG: join(directory, "zabbix.conf.php"),
      PHP_INI_SCAN_DIR: "",
      // Requests side by side.
      PHP_CLI_SERVER_WORKERS: "4",
    },
    health: { url: `${url}/database` },
  });
  try {
    return { ...server, url, adminToken: await firstToken(url) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** What the API itself answers: `result`, or the words of its refusal. */
export async function askZabbix(
  url: string,
  auth: string | undefined,
  method: string,
  params: object,
): Promise<unknown> {
  const answer = await fetch(`${url}/api_jsonrpc.php`, {
    method: "POST",
    headers: { "content-type": "application/json-rpc" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params, ...(auth !== undefined && { auth }) }),
  });
  const { result, error } = (await answer.json()) as { result?: unknown; error?: { message: string; data: string } };
  if (error) throw new Error(`${method}: ${error.message} ${error.data}`);
  return result;
}

/** Logs in as the administrator that every installation begins with. */
async function firstToken(url: string): Promise<string> {
  const session = (await askZabbix(url, undefined, "user.login", { username: "Admin", password: "zabbix" })) as string;
  const made = (await askZabbix(url, session, "token.create", { name: "tests" })) as { tokenids: string[] };
  const [issued] = (await askZabbix(url, session, "token.generate", made.tokenids)) as { token: string }[];
  return issued?.token ?? "";
}

function database(installation: string, directory: string, socket: string): string[] {
  return [
    join(installation, "usr/sbin/mariadbd"),
    "--no-defaults",
    `--datadir=${join(directory, "database")}`,
    `--socket=${socket}`,
    `--lc-messages-dir=${join(installation, "usr/share/mysql")}`,
    `--plugin-dir=${join(directory, "none")}`,
    "--skip-networking",
    "--skip-grant-tables",
    "--user=root",
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-log-file-size=16M",
    "--innodb-buffer-pool-size=64M",
  ];
}

function web(
  installation: string,
  directory: string,
  { port, socket }: { readonly port: number; readonly socket: string },
): string[] {
  const settings = {
    extension_dir: join(installation, "usr/lib/php/extensions"),
    "mysqli.default_socket": socket,
    "session.save_path": join(directory, "sessions"),
    "date.timezone": "UTC",
    max_execution_time: "300",
    zend_extension: "opcache",
    "opcache.enable_cli": "1",
  };
  // In this order: some need others.
  const extensions = "bcmath ctype gettext mbstring mysqlnd mysqli gd sockets dom xml xmlreader xmlwriter simplexml";
  return [
    join(installation, "usr/bin/php8.2"),
    "-n",
    ...Object.entries(settings).flatMap(([name, value]) => ["-d", `${name}=${value}`]),
    ...extensions.split(" ").flatMap((name) => ["-d", `extension=${name}`]),
    "-S",
    `127.0.0.1:${port}`,
    "-t",
    join(installation, "usr/share/zabbix"),
    join(__dirname, "router.php"),
  ];
}

const configuration = `<?php
$DB = ['TYPE' => 'MYSQL', 'SERVER' => 'localhost', 'PORT' => '0', 'DATABASE' => 'zabbix', 'USER' => 'zabbix', 'PASSWORD' => '',
  'SCHEMA' => '', 'ENCRYPTION' => false, 'KEY_FILE' => '', 'CERT_FILE' => '', 'CA_FILE' => '', 'VERIFY_HOST' => false,
  'CIPHER_LIST' => '', 'VAULT_URL' => '', 'VAULT_DB_PATH' => '', 'VAULT_TOKEN' => '', 'DOUBLE_IEEE754' => true];
$ZBX_SERVER_NAME = 'tests';
$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;
`;
