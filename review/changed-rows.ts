import type { Report, ReportAccount, ReportKey } from "./report";

/** The rows of a report in which someone gains or loses access. The verdict counts them and the table shows them. */
export function changedAccounts({ accounts }: Report): ReportAccount[] {
  return accounts.filter(({ gains, loses }) => gains.length > 0 || loses.length > 0);
}

/**
 * Keys whose gains or losses are not in their account's row, because the account has that access through another key
 * too.
 */
export function keysBesideAccounts(report: Report): ReportKey[] {
  const rows = new Map(changedAccounts(report).map((row) => [JSON.stringify([row.urn, row.env]), row]));
  return report.keys.filter(({ account, env, gains, loses }) => {
    if (account === null || gains.length + loses.length === 0) return false;
    const row = rows.get(JSON.stringify([account, env]));
    if (!row) return true;
    const [gained, lost] = [new Set(row.gains), new Set(row.loses)];
    return gains.some((grant) => !gained.has(grant)) || loses.some((grant) => !lost.has(grant));
  });
}
