export interface OrganisationData {
  readonly cameras: readonly { readonly id: string; readonly name: string; readonly status: string }[];
  readonly events: readonly {
    readonly id: string;
    readonly camera_id: string;
    readonly type: string;
    readonly at: string;
  }[];
}

/** The answers of the data plane: one camera with one event. The organisation's first digit tells ids apart. */
export function novavmsData(digit: string, cameraName: string): OrganisationData {
  const cameraId = `${digit}a7d1c52-0b1e-4c8e-9f33-5d2f8f6b0c01`;
  const eventId = `${digit}e4b9f10-6a2d-4f7b-8c55-91c0a4d7e202`;
  return {
    cameras: [{ id: cameraId, name: cameraName, status: "online" }],
    events: [{ id: eventId, camera_id: cameraId, type: "motion", at: "2026-03-01T10:00:00Z" }],
  };
}
