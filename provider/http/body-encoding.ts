const usual = /^(?:gzip|x-gzip|deflate|br|zstd|compress)$/;

/**
 * The encoding of a body, where it has one that nobody here can read: none is ever asked for. A name that is not
 * a usual one may hold anything, and is not told.
 */
export function encodingOf(contentEncoding: string | undefined, text: string): string | undefined {
  const encoding = contentEncoding?.trim().toLowerCase() ?? "";
  if (text === "" || encoding === "" || encoding === "identity") return undefined;
  return usual.test(encoding) ? encoding : "an unusual one";
}
