/** What the engine gets for an answer of the lifecycle. */
import type { CheckFailure as Failure, DiffResult } from "@pulumi/pulumi/dynamic";
import { CheckFailure, CheckResponse, DiffResponse, PropertyDiff } from "@pulumi/pulumi/proto/provider_pb";
import { type Comparison, detailedDiff, type PropertyChange } from "./detailed-diff";
import { sent } from "./properties";

export function checked(inputs: object, failures: readonly Failure[], secrets: ReadonlySet<string>): CheckResponse {
  const response = new CheckResponse();
  response.setInputs(sent(inputs, secrets));
  response.setFailuresList(
    failures.map(({ property, reason }) => {
      const failure = new CheckFailure();
      failure.setProperty(property);
      failure.setReason(reason);
      return failure;
    }),
  );
  return response;
}

/** The lifecycle says whether anything changes; what it is stands in the inputs, or is known from the record alone. */
export function compared(
  { changes, replaces = [], deleteBeforeReplace = false }: DiffResult,
  inputs: Omit<Comparison, "replaces">,
): DiffResponse {
  const response = new DiffResponse();
  const told = detailedDiff({ ...inputs, replaces });
  if (changes === false || (changes === undefined && told.size === 0)) {
    response.setChanges(DiffResponse.DiffChanges.DIFF_NONE);
    return response;
  }
  response.setChanges(DiffResponse.DiffChanges.DIFF_SOME);
  response.setReplacesList([...replaces]);
  response.setDeletebeforereplace(deleteBeforeReplace);
  response.setDiffsList([...new Set([...told.keys()].map((path) => path.replace(/\[.*$/, "")))]);
  response.setHasdetaileddiff(told.size > 0);
  for (const [path, change] of told) response.getDetaileddiffMap().set(path, propertyDiff(change));
  return response;
}

const { Kind } = PropertyDiff;
const kinds = {
  add: [Kind.ADD, Kind.ADD_REPLACE],
  delete: [Kind.DELETE, Kind.DELETE_REPLACE],
  update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
} as const;

function propertyDiff({ kind, replaces, inInputs }: PropertyChange): PropertyDiff {
  const diff = new PropertyDiff();
  diff.setKind(kinds[kind][replaces ? 1 : 0]);
  diff.setInputdiff(inInputs);
  return diff;
}
