/** Which texts of a service may be stored in clear: the engine shows them unchanged. */

/** Longer than any service allows. */
const longestText = 16 * 1024;
/** Control, bidirectional and invisible characters, except joiners and variation selectors, which many scripts need. */
const misleading =
  /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;

/** False for text that a terminal, a page or an editor would not show as it is. */
export function isPresentable(value: unknown): boolean {
  return typeof value !== "string" || (value.length <= longestText && value.isWellFormed() && !misleading.test(value));
}

/**
 * A description with blanks instead of characters that are not presentable: people write it on the service, and drift
 * must show.
 */
export function presentable(value: unknown): unknown {
  if (typeof value !== "string" || isPresentable(value)) return value;
  return value.slice(0, longestText).toWellFormed().replace(new RegExp(misleading, "gu"), " ");
}

/** True for a name that no program can request. Other odd names stay, because names are compared. */
export function isNoName(value: unknown): boolean {
  return typeof value === "string" && (/\p{Cc}/u.test(value) || !value.isWellFormed() || value.length > longestText);
}
