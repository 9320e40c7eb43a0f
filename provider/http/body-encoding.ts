const usual = /^(?:gzip|x-gzip|deflate|br|zstd|compress)$/;

/**
 * The encoding of a body that nobody here can read, because none was requested; undefined for a readable body. An
 * unusual name may contain anything and is not shown.
 */
export function encodingOf(contentEncoding: string | undefined, text: string): string | undefined {
  const encoding = contentEncoding?.trim().toLowerCase() ?? "";
  if (text === "" || encoding === "" || encoding === "identity") return undefined;
  return usual.test(encoding) ? encoding : "an unusual one";
}
