/** What a resource can do beside what the engine asks of a dynamic provider. */
import type { ReadResult, ResourceProvider } from "@pulumi/pulumi/dynamic";
import type { Origin } from "./names";

/** What an import is about. */
export interface ImportRequest {
  /** `connection/id`, and `connection/account/id` for a key that lives under an account. */
  readonly id: string;
  readonly origin: Origin;
  /** The key's secret, where somebody still has it. */
  readonly secret?: string;
}

export type Lifecycle<Inputs, Outputs> = ResourceProvider<Inputs, Outputs> & {
  /**
   * The outputs that the update will leave, with the unknown value for what only the service will tell. What it does not touch
   * stays known, so that nothing that uses it looks changed. Asks nobody.
   */
  planned(id: string, olds: Outputs, news: Inputs): Promise<object>;
  /** Takes what is on a service into the state as it is, and changes nothing there. A blank id: there is no such thing. */
  imported(request: ImportRequest): Promise<ReadResult<Outputs>>;
};
