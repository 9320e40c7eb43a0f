export const SERVICE_NAMES = ["pulsely", "novavms", "pulseapi"] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];
