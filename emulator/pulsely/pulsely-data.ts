/** The answers of the data plane: enough to show that a key works. Times are fixed and ignore the clock. */
export const PULSELY_DATA = {
  checks: [
    { id: "chk_01", name: "Storefront", url: "https://shop.example.com/health", interval_seconds: 60, status: "up" },
    { id: "chk_02", name: "Payments API", url: "https://pay.example.com/health", interval_seconds: 30, status: "up" },
  ],
  alerts: [{ id: "alr_01", check_id: "chk_02", severity: "warning", opened_at: "2026-03-01T10:00:00Z" }],
  metrics: [{ check_id: "chk_01", uptime_percent: 99.98, p95_ms: 182, window: "24h" }],
} as const;
