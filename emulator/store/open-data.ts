import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { lockDataFile } from "./data-lock";
import { Journal } from "./journal";
import { Store, type StoredCredentials, type StoredService } from "./store";

/** The most that is lost with the process of what may be lost (last uses, noted changes). */
const FLUSH_EVERY_MS = 1_000;

export interface DataOptions {
  /** Left out: everything is in memory. */
  readonly dataFile: string | undefined;
  readonly services: Readonly<Record<string, StoredService>>;
  /** Generates the announced credentials of a service that has none in the file. */
  readonly newTokens: Readonly<Record<string, () => Readonly<Record<string, string>>>>;
  readonly report: ((line: string) => void) | undefined;
}

export interface Data {
  readonly store: Store;
  readonly credentials: StoredCredentials;
  close(): void;
}

/** Opens the data of an emulator: that of a file, which it locks, or none. */
export function openData({ dataFile, services, newTokens, report }: DataOptions): Data {
  const store = new Store(services);
  if (dataFile === undefined) return { store, credentials: complete(undefined, newTokens), close: () => undefined };
  mkdirSync(dirname(resolve(dataFile)), { recursive: true });
  // Compaction replaces the file, so a link must be resolved first: it would be replaced itself.
  const file = existsSync(dataFile) ? realpathSync(dataFile) : resolve(dataFile);
  const unlock = lockDataFile(file);
  try {
    store.replay(Journal.read(file));
    const credentials = (store.credentials = complete(store.credentials, newTokens));
    const journal = Journal.create(file, store.snapshot());
    store.writeTo(journal);
    const flushing = setInterval(() => {
      try {
        store.flush();
        store.shortenJournal();
      } catch (error) {
        // A full disk. The data that could not be written is still in memory, and the next attempt includes it.
        report?.(`cannot write ${file}: ${String(error)}`);
      }
    }, FLUSH_EVERY_MS);
    flushing.unref();
    return {
      store,
      credentials,
      close() {
        clearInterval(flushing);
        store.flush();
        journal.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

function complete(known: StoredCredentials | undefined, newTokens: DataOptions["newTokens"]): StoredCredentials {
  return Object.fromEntries(Object.entries(newTokens).map(([name, draw]) => [name, known?.[name] ?? draw()]));
}
