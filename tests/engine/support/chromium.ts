import { spawn } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A Chromium of this machine, if there is one. */
export const chromium: string | undefined = ["chromium", "chromium-browser", "google-chrome"]
  .flatMap((name) => (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name)))
  .find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** One tab of a headless Chromium, spoken to in its own protocol. */
export class Tab {
  readonly #socket: WebSocket;
  readonly #close: () => Promise<void>;
  readonly #waiting = new Map<
    number,
    { resolve: (result: Message["result"]) => void; reject: (error: Error) => void }
  >();
  readonly #events: Message[] = [];
  #onEvent: () => void = () => undefined;
  #last = 0;

  private constructor(socket: WebSocket, close: () => Promise<void>) {
    this.#socket = socket;
    this.#close = close;
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as Message;
      const waiting = this.#waiting.get(message.id ?? -1);
      if (!waiting) {
        this.#events.push(message);
        this.#onEvent();
      } else if (message.error) waiting.reject(new Error(message.error.message));
      else waiting.resolve(message.result);
    });
  }

  static async open(browser: string): Promise<Tab> {
    const profile = mkdtempSync(join(tmpdir(), "apikeys-chromium-"));
    const flags = ["--headless=new", "--disable-gpu", "--remote-debugging-port=0", `--user-data-dir=${profile}`];
    // A container's root has no sandbox; the pages are this package's own.
    if (process.getuid?.() === 0) flags.push("--no-sandbox", "--disable-dev-shm-usage");
    const quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update"];
    const child = spawn(browser, [...flags, ...quiet, "about:blank"], { stdio: "ignore" });
    const ended = new Promise<void>((done) => child.once("exit", () => done()));
    const close = async (): Promise<void> => {
      child.kill();
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    };
    try {
      const port = await Promise.race([
        portIn(join(profile, "DevToolsActivePort"), profile),
        ended.then(() => Promise.reject(new Error(`${browser} ended before it could be spoken to`))),
      ]);
      const tabs = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
        readonly type: string;
        readonly webSocketDebuggerUrl: string;
      }[];
      const socket = new WebSocket(tabs.find(({ type }) => type === "page")?.webSocketDebuggerUrl ?? "");
      await new Promise((done, fail) => {
        socket.addEventListener("open", done);
        socket.addEventListener("error", () => fail(new Error("Chromium refused the connection")));
      });
      return new Tab(socket, close);
    } catch (error) {
      await close();
      throw error;
    }
  }

  send(method: string, params: object = {}): Promise<Message["result"]> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** Loads a page from a file or an address, and answers everything that it said or asked for until it was loaded. */
  async load(place: string): Promise<readonly Message[]> {
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await this.send(`${domain}.enable`);
    this.#events.length = 0;
    const loaded = new Promise<void>((done) => {
      this.#onEvent = () => {
        if (this.#events.some(({ method }) => method === "Page.loadEventFired")) done();
      };
    });
    await this.send("Page.navigate", { url: place.startsWith("/") ? `file://${place}` : place });
    await loaded;
    return [...this.#events];
  }

  /** What an expression in the page gives, as JSON. Evaluated from outside, past the page's own policy. */
  async evaluate<T>(expression: string): Promise<T> {
    const answer = await this.send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    const { result, exceptionDetails } = answer as { result: { value: T }; exceptionDetails?: { text: string } };
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  }

  /** Waits until an expression in the page holds. */
  async until(expression: string): Promise<void> {
    await this.evaluate(
      `new Promise((done) => { const look = () => ((${expression}) ? done(true) : requestAnimationFrame(look)); look(); })`,
    );
  }

  /** The width of the screen in CSS pixels, and its colours. */
  async show({
    width,
    dark = false,
    media = "screen",
  }: {
    width: number;
    dark?: boolean;
    media?: string;
  }): Promise<void> {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });
    const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
    await this.send("Emulation.setEmulatedMedia", { media, features });
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.#close();
  }
}

/** Chromium writes the port that it listens on into its profile. */
function portIn(file: string, folder: string): Promise<string> {
  return new Promise((done) => {
    const look = (): void => {
      const [port] = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
      if (port === undefined || port === "") return;
      watcher.close();
      done(port);
    };
    const watcher = watch(folder, look);
    look();
  });
}
