/** What a resource can do in addition to a dynamic provider's methods. */
import type { ReadResult, ResourceProvider } from "@pulumi/pulumi/dynamic";
import type { Origin } from "./identity/names";

/** What an import is about. */
export interface ImportRequest {
  /** `connection/id`, and `connection/account/id` for a key that lives under an account. */
  readonly id: string;
  readonly origin: Origin;
  /** The key's secret, if somebody still has it. */
  readonly secret?: string;
  /** True if the program only reads it (`get`): it belongs to another state. */
  readonly looksUp?: boolean;
}

export type Lifecycle<Inputs, Outputs> = ResourceProvider<Inputs, Outputs> & {
  /**
   * The outputs after the update. What only the service decides is unknown; what the update leaves alone stays known, so
   * that the resources that use it do not look changed. Sends nothing.
   */
  planned(id: string, olds: Outputs, news: Inputs): Promise<object>;
  /**
   * Takes an object on a service into the state as it is, and changes nothing there. An empty id means that there is no
   * such object.
   */
  imported(request: ImportRequest): Promise<ReadResult<Outputs>>;
};
