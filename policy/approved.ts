import { readFileSync } from "node:fs";
import type { PolicyProviderResource, ResourceValidationPolicy } from "@pulumi/policy";
import type { ApprovedResource } from "../review/delta-schema";
import { exactText } from "../review/exact-text";
import { plainMessage, quoted } from "../review/inert";
import { readReport } from "../review/read-report";
import type { Report } from "../review/report";
import { nameOf } from "../review/urn";
import { approvalMistakes, isAccountPending, type SeenResource } from "./approval";
import { plainValue } from "./plain-value";
import { recordedAccount, type StackPlace } from "./recorded-account";

export interface ApikeysApprovedOptions extends StackPlace {
  /**
   * Whether a dynamic resource with secret code (because it captures a secret) may run. Its code cannot be compared.
   *
   * @default false
   */
  readonly allowHiddenCode?: boolean;
}

/**
 * Holds an update to its report: `new PolicyPack("approved", { policies: apikeysApproved("report.json") })`.
 *
 * The policy sees every input with its real value before the resource is made. It refuses (mandatory) a key or an
 * account that is not in the report, or that has another service, connection, account, environment, scopes or life. It
 * also refuses code of a dynamic resource that differs from the preview's. Values that the preview did not know must
 * match the report once they are known. It runs as a remediation, because the engine shows the code of a dynamic
 * resource to nothing else; it changes no input.
 *
 * @param report - the report of the deployment's own preview, or its JSON file
 * @throws Error if it is not a report, contradicts itself, or says that something could not be reviewed
 */
export function apikeysApproved(
  report: Report | string,
  options: ApikeysApprovedOptions = {},
): ResourceValidationPolicy[] {
  const checked = checkedReport(report);
  const byUrn = new Map(checked.approved.map((resource) => [resource.urn, resource]));
  const approvedAt = (urn: string): ApprovedResource | undefined => byUrn.get(exactText(urn));
  const seen = new Map<string, SeenResource>();
  const providers = new Map<string, Inputs>();
  return [
    {
      name: "APPROVED-access-is-the-approved-one",
      description: "Every service account and every API key is the one that was approved.",
      enforcementLevel: "remediate",
      remediateResource: ({ urn, type, props, provider }) => {
        const inputs = plainValue(props) as Inputs;
        if (type.startsWith("pulumi:providers:")) providers.set(urn, inputs);
        seen.set(urn, { urn, type, inputs, ...(provider ? runnerOf(provider, providers) : {}) });
      },
      validateResource: async ({ urn, type }, reportViolation) => {
        const resource = seen.get(urn);
        seen.delete(urn);
        const mistakes = resource
          ? approvalMistakes(resource, approvedAt(urn), options.allowHiddenCode === true)
          : ["the engine did not show what it runs, so nobody can compare it"];
        const account =
          resource && (await accountMistake(resource, approvedAt(urn), { stack: checked.stack, ...options }));
        for (const mistake of [...mistakes, ...(account === undefined ? [] : [account])])
          reportViolation(
            plainMessage(`${quoted(`${type} ${nameOf(urn)}`, 200)} was not approved as it is: ${mistake}.`),
          );
      },
    },
  ];
}

type Inputs = Readonly<Record<string, unknown>>;

/** The engine shows where a provider's program comes from only with the provider itself, which it shows first. */
function runnerOf(
  { urn, props }: PolicyProviderResource,
  providers: ReadonlyMap<string, Inputs>,
): Pick<SeenResource, "provider" | "providerInputs"> {
  return { provider: `${urn}::`, providerInputs: { ...(plainValue(props) as Inputs), ...providers.get(urn) } };
}

function checkedReport(report: Report | string): Report {
  const text = typeof report === "string" ? readFileSync(report, "utf8") : JSON.stringify(report);
  const read = readReport(text);
  if ("mistake" in read) throw new Error(`The approved report is refused: ${read.mistake}.`);
  if (read.report.verdict === "not-reviewable")
    throw new Error("The approved report says that something could not be reviewed; nobody can approve it.");
  return read.report;
}

/** If only the update shows the account, it must be the id that the state has just recorded for it. */
async function accountMistake(
  resource: SeenResource,
  approved: ApprovedResource | undefined,
  place: StackPlace & { readonly stack: string },
): Promise<string | undefined> {
  const account = approved?.account;
  if (account === null || account === undefined || !("outputOf" in account) || isAccountPending(resource))
    return undefined;
  const given = resource.inputs.serviceAccountId;
  const recorded = await recordedAccount(account.outputOf, resource.inputs.target, place);
  if ("mistake" in recorded) return recorded.mistake;
  return given === recorded.id
    ? undefined
    : `its account is not ${quoted(nameOf(account.outputOf))}, whose key it was going to be`;
}
