/** The tests of each backend, as a table for readers. It lists only tests that run. */

/** A vendor's published API document, from `tests/vendors/documents.json`. */
export interface DocumentSource {
  readonly title: string;
  /** The repository on GitHub. */
  readonly repository: string;
  readonly commit: string;
  /** Date of the commit. */
  readonly date: string;
  readonly path: string;
  /** SHA-256 of the published file: `scripts/openapi` compares it. */
  readonly sha256?: string;
  /** Beginnings of the paths that the backend uses: `scripts/openapi --latest` compares only these. */
  readonly uses?: readonly string[];
  /** What was added to the published document by hand, and its source. */
  readonly adds?: string;
  /** The vendor publishes no usable document: the checked one was written from these pages. */
  readonly written?: boolean;
}

export interface Evidence {
  readonly vendors: readonly string[];
  /** Backends with a test on a real server. */
  readonly onServers: ReadonlySet<string>;
  /** Backends with a page in `docs/services`. */
  readonly withPage: ReadonlySet<string>;
  /** Backends whose test checks them against a document. */
  readonly onDocuments: ReadonlyMap<string, DocumentSource>;
}

export function evidenceTable({ vendors, onServers, onDocuments, withPage }: Evidence): string {
  const words = (name: string) => {
    if (onServers.has(name)) return "runs against the real server in CI";
    const document = onDocuments.get(name);
    return document ? documentWords(document) : "proposal: the vendor documents no call that makes or revokes a key";
  };
  return [
    ["backend", "checked against"],
    ["---", "---"],
    ...[...vendors]
      .sort()
      .map((name) => [withPage.has(name) ? `[**${name}**](services/${name}.md)` : `**${name}**`, words(name)]),
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function documentWords({ title, repository, commit, date, path, adds, written = false }: DocumentSource): string {
  const source = `[${repository}](https://github.com/${repository}/blob/${commit}/${path})`;
  return written
    ? `checked against a document that was written from the vendor's pages of ${date} (${source})`
    : `checked against the vendor's published API document of ${date}: ${title}, ${source}${adds === undefined ? "" : `, with ${adds} added by hand`}`;
}
