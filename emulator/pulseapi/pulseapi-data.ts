/** The answers of the data plane: enough to show that a key works. */
export const PULSEAPI_MONITORS = [
  { id: 1, name: "Storefront", url: "https://shop.example.com", status: "up", check_interval: 60 },
  { id: 2, name: "Payments API", url: "https://pay.example.com", status: "up", check_interval: 30 },
] as const;
