import type { InventoryRow } from "../inventory/classify";
import { defined } from "../provider/defined";
import { redact } from "../provider/redact";
import { isPlainId } from "../provider/resources/plain-id";

/**
 * A row as it may be printed. Its id and names are the service's words, and may contain the admin credential or a key.
 * The commands go on with the row itself, because a request needs the real id.
 */
export function presented(row: InventoryRow): InventoryRow {
  const { id, name, accountId } = row;
  const told = (text: string) => (isPlainId(text) ? text : redact(text));
  return defined({ ...row, id: told(id), name: redact(name), accountId: accountId && told(accountId) });
}
