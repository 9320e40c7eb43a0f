/** `pulumi-apikeys/testing`: what a backend of one's own is tested with. */
export { describeBackend } from "./describe-backend";
export {
  type EmulatedKey,
  type EmulatedRequest,
  type EmulatorFault,
  type KeyEdit,
  startEmulator,
  type TestEmulator,
} from "./emulator";
export type { BackendHarness } from "./harness";
