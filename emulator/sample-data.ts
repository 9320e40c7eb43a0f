/** What the data planes answer: enough to see that a key works. Times are fixed, whatever the clock says. */
export const PULSELY_DATA = {
  checks: [
    { id: "chk_01", name: "Storefront", url: "https://shop.example.com/health", interval_seconds: 60, status: "up" },
    { id: "chk_02", name: "Payments API", url: "https://pay.example.com/health", interval_seconds: 30, status: "up" },
  ],
  alerts: [{ id: "alr_01", check_id: "chk_02", severity: "warning", opened_at: "2026-03-01T10:00:00Z" }],
  metrics: [{ check_id: "chk_01", uptime_percent: 99.98, p95_ms: 182, window: "24h" }],
} as const;

export const PULSEAPI_MONITORS = [
  { id: 1, name: "Storefront", url: "https://shop.example.com", status: "up", check_interval: 60 },
  { id: 2, name: "Payments API", url: "https://pay.example.com", status: "up", check_interval: 30 },
] as const;

export interface OrganisationData {
  readonly cameras: readonly { readonly id: string; readonly name: string; readonly status: string }[];
  readonly events: readonly {
    readonly id: string;
    readonly camera_id: string;
    readonly type: string;
    readonly at: string;
  }[];
}

/** One camera with one event; ids are told apart by the organisation's first digit. */
export function novavmsData(digit: string, cameraName: string): OrganisationData {
  const cameraId = `${digit}a7d1c52-0b1e-4c8e-9f33-5d2f8f6b0c01`;
  const eventId = `${digit}e4b9f10-6a2d-4f7b-8c55-91c0a4d7e202`;
  return {
    cameras: [{ id: cameraId, name: cameraName, status: "online" }],
    events: [{ id: eventId, camera_id: cameraId, type: "motion", at: "2026-03-01T10:00:00Z" }],
  };
}
