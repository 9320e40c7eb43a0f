import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { describeBackend } from "../../../testing";
import type { BackendHarness } from "../../../testing";
import type { VendorDouble } from "../../doubles/double";
import { type DocumentGate, startDocumentGate } from "./document-gate";
import { type UndeclaredAnswers, withAnswers } from "./undeclared-answers";
import { prismIsMissing, type RunningPrism, startPrism } from "./prism";
import { type PublishedDocument, publishedDocument } from "./published-document";

/** A vendor's double, as it is reached through the vendor's own document. */
export interface HeldVendor<Double extends VendorDouble> {
  readonly double: Double;
  readonly gate: DocumentGate;
  /** The base URL for a connection. */
  readonly url: string;
  close(): Promise<void>;
}

export interface VendorSuite<Double extends VendorDouble> {
  readonly backend: string;
  /** The name of the document's file. Default: the backend's. */
  readonly document?: string;
  readonly start: () => Promise<Double>;
  /** What the contract suite needs to know beside the address. */
  readonly harness: (vendor: HeldVendor<Double>) => Omit<BackendHarness, "url" | "close">;
  /** Fields of the connection that shape the capabilities. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Statuses of refusals that the document leaves out, and that no service can do without. */
  readonly alsoAnswers?: UndeclaredAnswers;
  /** Every operation that the backend may use, as the document writes it: the suite has to reach all of them, and no other. */
  readonly operations: readonly string[];
}

/**
 * What every vendor's backend owes: the contract suite against the vendor's double, with every request and every answer
 * held to the document that the vendor has published. Where that document or Prism cannot be had, the reason is printed
 * and the tests count as skipped.
 */
export function describeVendor<Double extends VendorDouble>(
  suite: VendorSuite<Double>,
  more?: (vendor: () => HeldVendor<Double>) => void,
): void {
  const document = publishedDocument(suite.document ?? suite.backend);
  const missing = "missing" in document ? document.missing : prismIsMissing();
  if (missing !== undefined || "missing" in document) {
    process.stderr.write(`skipped: the tests of ${suite.backend} against its published document: ${missing ?? ""}\n`);
    describe.skip(`${suite.backend} (skipped: ${missing ?? ""})`, () =>
      test("is held to its document", () => undefined));
    return;
  }
  describe(`${suite.backend}, held to its published document`, () => {
    let vendor: HeldVendor<Double> | undefined;
    const running = () => {
      if (!vendor) throw new Error("the vendor's double did not start");
      return vendor;
    };
    beforeAll(async () => {
      vendor = await startHeld(document, suite.start, suite.alsoAnswers);
    }, 60_000);
    afterAll(async () => vendor?.close(), 60_000);
    afterEach(() => running().gate.assertHeld());

    describeBackend(
      suite.backend,
      async () => ({ ...suite.harness(running()), url: running().url, close: () => Promise.resolve() }),
      suite.fields,
    );
    more?.(running);

    test("The suite has reached every operation that the backend uses, and no other.", () => {
      expect([...running().gate.passed.keys()].sort()).toEqual([...suite.operations].sort());
    });
  });
}

/** A double behind Prism behind the gate. */
export async function startHeld<Double extends VendorDouble>(
  document: PublishedDocument,
  start: () => Promise<Double>,
  alsoAnswers?: UndeclaredAnswers,
): Promise<HeldVendor<Double>> {
  const held = alsoAnswers ? withAnswers(document.content, alsoAnswers) : document.content;
  const started: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const each of started.reverse()) await each.close();
  };
  try {
    const double = await start();
    started.push(double);
    const prism: RunningPrism = await startPrism(held, double.url);
    started.push({ close: () => prism.stop() });
    const gate = await startDocumentGate(held, prism.url, new URL(double.url).pathname.replace(/\/$/, ""));
    started.push(gate);
    return { double, gate, url: gate.url, close };
  } catch (error) {
    await close();
    throw error;
  }
}
