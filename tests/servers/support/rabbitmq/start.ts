import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts, newDataDirectory, type RunningServer, startServer } from "../server";

export interface RunningRabbitmq extends RunningServer {
  /** A connection's `url`. */
  readonly url: string;
  /** `<user>:<password>` of an administrator. */
  readonly credential: string;
}

/** RabbitMQ with its management API alone: nothing listens for AMQP. */
export async function startRabbitmq(installation: string): Promise<RunningRabbitmq> {
  const [port = 0, nodePort = 0, namesPort = 0] = await freePorts(3);
  const directory = newDataDirectory("rabbitmq");
  const home = join(installation, "usr/lib/rabbitmq-server");
  const password = randomBytes(16).toString("hex");
  const origin = `http://127.0.0.1:${port}`;
  mkdirSync(join(directory, "log"));
  writeFileSync(join(directory, "enabled_plugins"), "[rabbitmq_management].");
  writeFileSync(join(directory, "rabbitmq.conf"), configuration(port, password), { mode: 0o600 });
  const server = await startServer({
    name: "rabbitmq",
    directory,
    processes: [[join(__dirname, "serve"), String(namesPort), ...erlangArguments(nodePort)]],
    env: {
      ROOTDIR: join(installation, "usr/lib/erlang"),
      BINDIR: join(installation, "usr/lib/erts/bin"),
      EMU: "beam",
      PROGNAME: "erl",
      ERL_LIBS: join(home, "plugins"),
      ERL_EPMD_PORT: String(namesPort),
      SYS_PREFIX: "",
      RABBITMQ_HOME: home,
      RABBITMQ_NODENAME: "rabbit@localhost",
      RABBITMQ_DIST_PORT: String(nodePort),
      RABBITMQ_MNESIA_BASE: join(directory, "data"),
      RABBITMQ_LOG_BASE: join(directory, "log"),
      RABBITMQ_LOGS: "-",
      RABBITMQ_PLUGINS_DIR: join(home, "plugins"),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, "enabled_plugins"),
      RABBITMQ_CONFIG_FILE: join(directory, "rabbitmq.conf"),
      RABBITMQ_ADVANCED_CONFIG_FILE: join(directory, "advanced.config"),
      RABBITMQ_GENERATED_CONFIG_DIR: join(directory, "config"),
      RABBITMQ_FEATURE_FLAGS_FILE: join(directory, "feature_flags"),
      RABBITMQ_CONF_ENV_FILE: join(directory, "rabbitmq-env.conf"),
      RABBITMQ_PID_FILE: join(directory, "pid"),
    },
    health: { url: `${origin}/api/overview`, headers: { authorization: basic(`admin:${password}`) } },
  });
  return { ...server, url: `${origin}/api`, credential: `admin:${password}` };
}

export function basic(credential: string): string {
  return `Basic ${Buffer.from(credential).toString("base64")}`;
}

function configuration(port: number, password: string): string {
  return `listeners.tcp = none
management.tcp.ip = 127.0.0.1
management.tcp.port = ${port}
default_user = admin
default_pass = ${password}
`;
}

/** Those of the packages' own start script, and a node that listens on the loopback address alone. */
function erlangArguments(nodePort: number): string[] {
  const kernel = {
    inet_dist_use_interface: "{127,0,0,1}",
    inet_dist_listen_min: nodePort,
    inet_dist_listen_max: nodePort,
    prevent_overlapping_partitions: "false",
  };
  return [
    ..."-noinput -s rabbit boot -boot start_sasl +W w +sbwt none -start_epmd false".split(" "),
    ..."-syslog logger [] -syslog syslog_error_logger false".split(" "),
    ...Object.entries(kernel).flatMap(([name, value]) => ["-kernel", name, String(value)]),
  ];
}
