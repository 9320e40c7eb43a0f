/** What a backend's tests show of it, as a table for readers: only what runs is said. */

/** The API document that a vendor has published, as `tests/vendors/documents.json` names it. */
export interface DocumentSource {
  readonly title: string;
  /** On GitHub. */
  readonly repository: string;
  /** The beginning of the commit's id. */
  readonly commit: string;
  /** Of the commit. */
  readonly date: string;
  readonly path: string;
  /** What the checked document has beside the published one. */
  readonly adds?: string;
  /** The vendor publishes no usable document: the checked one was written from these pages. */
  readonly written?: boolean;
}

export interface Evidence {
  readonly vendors: readonly string[];
  /** Those that have a test on a real server. */
  readonly onServers: ReadonlySet<string>;
  /** Those that have a page in `docs/services`. */
  readonly withPage: ReadonlySet<string>;
  /** Those whose test holds them to a document. */
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
    : `checked against the vendor's published API document of ${date}: ${title}, ${source}${adds === undefined ? "" : `, with ${adds}`}`;
}
