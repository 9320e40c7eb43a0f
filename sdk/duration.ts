/** A whole number and a unit, `s`, `m`, `h`, `d` (24 h) or `w`: an editor completes the usual ones, `check` judges any. */
export type Duration = "15m" | "1h" | "24h" | "7d" | "14d" | "30d" | "90d" | "180d" | "365d" | (string & {});
