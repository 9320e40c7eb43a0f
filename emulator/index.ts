import { runEmulator, type AnnouncedTokens, type RunOptions, type Running } from "./run-emulator";
import { SERVICES } from "./services";

export type { RateLimit } from "./http/rate-limit";

export type ServiceName = keyof typeof SERVICES;
export const SERVICE_NAMES = Object.keys(SERVICES) as readonly ServiceName[];

export type EmulatorOptions = RunOptions<ServiceName>;
/** The credentials that exist before any key is issued, by service. */
export type Credentials = AnnouncedTokens<typeof SERVICES>;
export type RunningEmulator = Running<typeof SERVICES>;
/** The URL of each service, and its credentials. */
export type AnnouncedServices = RunningEmulator["services"];

/** Starts the emulated services on loopback. */
export function startEmulator(options: EmulatorOptions = {}): Promise<RunningEmulator> {
  return runEmulator(SERVICES, options);
}

/** The first line of `apikeys emulator`: one JSON object for scripts. */
export function announcement({ url, services }: RunningEmulator): string {
  return JSON.stringify({ url, services });
}
