import type { InventoryRow } from "../inventory/classify";
import { defined } from "../provider/values/defined";
import { redact } from "../provider/secrets/redact";
import { isPlainId } from "../provider/resources/identity/plain-id";

/**
 * A row that is safe to print. The service wrote its id and names, which may contain the admin credential or a key.
 * Requests use the original row, because they need the real id.
 */
export function presented(row: InventoryRow): InventoryRow {
  const { place: _place, ...rest } = row;
  const { id, name, accountId } = row;
  const told = (text: string) => (isPlainId(text) ? text : redact(text));
  return defined({ ...rest, id: told(id), name: redact(name), accountId: accountId && told(accountId) });
}
