/** `pulumi-apikeys/testing`: the suite that tests your own backend. */
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
export { apikeysMocks, type ApikeysMocksOptions } from "./mocks";
