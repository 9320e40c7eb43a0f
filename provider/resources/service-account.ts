/** ServiceAccount: who keys belong to. It holds no secret, so one that carries our marker may be adopted. */
import type {
  CheckResult,
  CreateResult,
  DiffResult,
  ReadResult,
  ResourceProvider,
  UpdateResult,
} from "@pulumi/pulumi/dynamic";
import type { ServiceAccount, ServiceAccountChanges, Support } from "../backends/definition";
import type { Connection, ConnectionFacts } from "../connections";
import { secondMs } from "../durations";
import { defined } from "../defined";
import { AmbiguousCreateError, isUnclear, ProviderError, wordsOf } from "../errors";
import { sameAccess } from "../scopes";
import { formatTime } from "../times";
import { isUnknown } from "../wire";
import { findAccount } from "./absence";
import { checkAnswer, describeForCheck, openRecorded, type ResourceContext } from "./context";
import { decideFields, type FieldRule, type FieldTable, sameValue } from "./field-table";
import { checkAccountScopes, checkDescription, checkName, checkShape, Failures, fieldSchemas } from "./input-checks";
import { logicalName, newPhysicalName, type Origin, sameName } from "./names";
import { keptAfterFailure } from "./partial-failure";
import { assertSameTarget, type Target, targetOf } from "./target";

/** Inputs after `check`. */
export interface ServiceAccountInputs {
  readonly connection: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly name?: string;
  readonly exactName?: boolean;
  readonly description?: string;
  readonly role?: string;
  readonly scopes?: readonly string[];
  readonly origin: Origin;
  readonly target?: Target;
  /** Added by `check`: what the account should be. */
  readonly status: string;
}

export interface ServiceAccountOutputs extends ServiceAccountInputs {
  readonly accountId: string;
  readonly physicalName: string;
  readonly createdAt: string;
  readonly service: string;
}

const inputShape = {
  connection: fieldSchemas.judgedApart,
  labels: fieldSchemas.labels,
  name: fieldSchemas.freeText,
  exactName: fieldSchemas.flag,
  description: fieldSchemas.freeText,
  role: fieldSchemas.text,
  scopes: fieldSchemas.scopes,
  origin: fieldSchemas.origin,
} as const;

/** In place where the vendor can; in the record alone where the vendor keeps nothing; a new account otherwise. */
const bySupport =
  (field: "name" | "description" | "role" | "scopes"): FieldRule =>
  ({ capabilities }) => {
    const support: Support | "required" = capabilities.serviceAccounts?.[field] ?? "none";
    return support === "update" || support === "none" ? "update" : "replace";
  };

const fields: FieldTable<ServiceAccountInputs> = {
  connection: "replace",
  exactName: "replace",
  status: "replace",
  name: bySupport("name"),
  description: bySupport("description"),
  role: bySupport("role"),
  scopes: bySupport("scopes"),
  labels: "update",
  origin: "keep",
  target: "keep",
};

export function createServiceAccountProvider(
  context: ResourceContext,
): ResourceProvider<ServiceAccountInputs, ServiceAccountOutputs> {
  return {
    async check(
      _olds: Partial<ServiceAccountInputs>,
      news: ServiceAccountInputs,
    ): Promise<CheckResult<ServiceAccountInputs>> {
      const failures = new Failures();
      checkShape(inputShape, { ...news }, failures);
      const connection = news.connection ?? "default";
      const facts = describeForCheck(context, connection, failures);
      const inputs: ServiceAccountInputs = { ...news, connection, status: "active" };
      return checkAnswer(facts ? checkForBackend(inputs, facts, failures) : inputs, failures);
    },

    async diff(_id: string, olds: ServiceAccountOutputs, news: ServiceAccountInputs): Promise<DiffResult> {
      const facts = context.connections.describe(isUnknown(news.connection) ? olds.connection : news.connection);
      assertSameTarget(facts, olds);
      const { replaces, updates } = planChange(olds, news, facts);
      if (replaces.length === 0 && updates.length === 0) return { changes: false };
      return { replaces, deleteBeforeReplace: news.exactName === true };
    },

    async create(inputs: ServiceAccountInputs): Promise<CreateResult<ServiceAccountOutputs>> {
      const connection = context.connections.open(inputs.connection);
      connection.assertWritable();
      const { account, adopted } = await createAccount(connection, inputs, context);
      const record = {
        accountId: String(account.id),
        physicalName: account.name,
        createdAt: account.createdAt ?? formatTime(context.nowMs()),
        service: connection.origin,
      };
      try {
        if (adopted) await finishAccount(connection, account, inputs);
      } catch (error) {
        // The account is there: it is recorded as it is, so that the next run gives it the rest.
        const { role, scopes } = account;
        throw keptAfterFailure(error, record.accountId, defined({ ...inputs, role, scopes, ...record }), inputs);
      }
      return { id: record.accountId, outs: { ...inputs, ...record } };
    },

    async read(id: string, props?: ServiceAccountOutputs): Promise<ReadResult<ServiceAccountOutputs>> {
      if (!props)
        throw new ProviderError("a service account cannot be read by its id alone; see the README on existing keys");
      const connection = openRecorded(context, props);
      const found = await observeAccount(connection, id, props.physicalName);
      const keptRole = props.role === undefined || !found || found.role === props.role;
      const keptScopes =
        props.scopes === undefined ||
        found?.scopes === undefined ||
        sameAccess(connection.catalogue, found.scopes, props.scopes);
      const outs = defined({
        ...props,
        status: found ? found.status : "missing",
        role: keptRole ? props.role : found.role,
        scopes: keptScopes ? props.scopes : [...found.scopes].sort(),
      }) as ServiceAccountOutputs;
      const names = Object.keys(fields) as (keyof ServiceAccountInputs)[];
      const inputs = Object.fromEntries(
        names.filter((name) => outs[name] !== undefined).map((name) => [name, outs[name]]),
      );
      return { id, props: outs, inputs: inputs as unknown as ServiceAccountOutputs };
    },

    async update(
      id: string,
      olds: ServiceAccountOutputs,
      news: ServiceAccountInputs,
    ): Promise<UpdateResult<ServiceAccountOutputs>> {
      const connection = openRecorded(context, olds);
      const { updates } = planChange(olds, news, connection);
      const physicalName =
        updates.includes("name") && connection.capabilities.serviceAccounts?.name === "update"
          ? newPhysicalName(news, olds.physicalName)
          : olds.physicalName;
      const kept = (field: "description" | "role" | "scopes") =>
        updates.includes(field) && connection.capabilities.serviceAccounts?.[field] === "update";
      const changes: ServiceAccountChanges = defined({
        name: physicalName === olds.physicalName ? undefined : physicalName,
        description: kept("description") ? (news.description ?? "") : undefined,
        role: kept("role") ? (news.role ?? "") : undefined,
        scopes: kept("scopes") ? (news.scopes ?? []) : undefined,
        labels:
          updates.includes("labels") && connection.capabilities.marker === "metadata" ? (news.labels ?? {}) : undefined,
      });
      if (Object.keys(changes).length > 0) {
        connection.assertWritable();
        if (!connection.client.updateServiceAccount)
          throw new ProviderError(`${connection.backend} cannot change a service account in place`);
        await connection.client.updateServiceAccount(id, changes);
      }
      const { accountId, createdAt } = olds;
      return { outs: { ...news, status: olds.status, accountId, createdAt, physicalName, service: connection.origin } };
    },

    async delete(id: string, props: ServiceAccountOutputs): Promise<void> {
      const connection = openRecorded(context, props);
      connection.assertWritable();
      const outcome = await connection.client.deleteServiceAccount?.(id);
      if (outcome === "absent" && (await findAccount(connection, id, props.physicalName))) {
        throw new ProviderError(
          `the service says that account ${id} does not exist, but lists it; check that the admin credential belongs to its organisation`,
        );
      }
    },
  };
}

function checkForBackend(
  inputs: ServiceAccountInputs,
  facts: ConnectionFacts,
  failures: Failures,
): ServiceAccountInputs {
  const { serviceAccounts } = facts.capabilities;
  if (!serviceAccounts) {
    failures.add(
      "connection",
      `${facts.backend} has no service accounts: its keys belong to the owner of the connection's admin credential. Remove this ServiceAccount, leave serviceAccountId out of the keys, and use one connection per owner`,
    );
    return inputs;
  }
  checkName(inputs.name ?? logicalName(inputs.origin), inputs.exactName === true, facts, failures);
  checkDescription(inputs.description, serviceAccounts.description, facts, failures);
  if (serviceAccounts.role === "required" && inputs.role === undefined)
    failures.add("role", `"role" is missing; ${facts.backend} has no service account without one`);
  if (serviceAccounts.role === "none" && inputs.role !== undefined)
    failures.add(
      "role",
      `service accounts of ${facts.backend} have no role; leave "role" out${serviceAccounts.scopes === "none" ? "" : ', and say with "scopes" what their keys may do at most'}`,
    );
  if (inputs.role === "") failures.add("role", '"role" is an empty text; name a role, or leave it out');
  const scopes = checkAccountScopes(inputs.scopes, facts, failures) ?? inputs.scopes;
  return defined({ ...inputs, scopes, target: targetOf(facts) });
}

function planChange(olds: ServiceAccountOutputs, news: ServiceAccountInputs, facts: ConnectionFacts) {
  const changed = (Object.keys(fields) as (keyof ServiceAccountInputs)[]).filter((name) => {
    if (isUnknown(news[name])) return true;
    if (name === "name") return !sameName(olds, news);
    if (name === "exactName") return (news.exactName ?? false) !== (olds.exactName ?? false);
    if (name === "scopes" && olds.scopes && news.scopes) return !sameAccess(facts.catalogue, olds.scopes, news.scopes);
    return !sameValue(olds[name], news[name]);
  });
  return decideFields(fields, changed, facts);
}

/** Creates the account; after an unclear answer one that carries this call's own marker is adopted: it holds no secret. */
async function createAccount(
  connection: Connection,
  inputs: ServiceAccountInputs,
  { clock, marking, warn }: ResourceContext,
): Promise<{ readonly account: ServiceAccount; readonly adopted: boolean }> {
  const { client, capabilities } = connection;
  if (!client.createServiceAccount) throw new ProviderError(`${connection.backend} has no service accounts`);
  const naming = await marking.naming("ServiceAccount", inputs, connection);
  const [leftover] = (await naming.leftAccounts?.((await client.listServiceAccounts?.({})) ?? [])) ?? [];
  if (leftover) {
    warn(`the account ${leftover.id} (${leftover.name}) was left by an interrupted run: it is taken over`);
    return { account: leftover, adopted: true };
  }
  const name = naming.draw();
  const { description, role, scopes, labels } = inputs;
  try {
    const account = await client.createServiceAccount(defined({ name, description, role, scopes, labels }));
    return { account, adopted: false };
  } catch (error) {
    if (!isUnclear(error)) throw error;
    const unclear = (words: string, ids: readonly string[] = []) =>
      new AmbiguousCreateError(
        `it is unclear whether the service account "${name}" was made: ${wordsOf(error)} ${words}, delete what is not in use, and run again.`,
        name,
        ids,
        { cause: error },
      );
    const search = async () => {
      try {
        return (await client.listServiceAccounts?.({ name })) ?? [];
      } catch (refusal) {
        throw unclear(
          `The service could not be searched for it (${wordsOf(refusal).replace(/\.$/, "")}): look for that name`,
        );
      }
    };
    let found = await search();
    if (found.length === 0) {
      await clock.sleep(Math.max(capabilities.activationLagMs, secondMs));
      found = await search();
    }
    const [account] = found;
    if (account && found.length === 1 && !naming.exact) return { account, adopted: true };
    const ids = found.map(({ id }) => id);
    throw unclear(
      ids.length > 0
        ? `Compare ${ids.join(", ")} on the service`
        : "None of that name is there now; it may still appear: look for it",
      ids,
    );
  }
}

/** Where a service makes an account in several calls, an adopted one may lack what the later ones give. */
async function finishAccount(
  { client, capabilities, catalogue }: Connection,
  account: ServiceAccount,
  asked: ServiceAccountInputs,
): Promise<void> {
  const lacksRole = capabilities.serviceAccounts?.role === "update" && account.role !== asked.role;
  const lacksScopes =
    capabilities.serviceAccounts?.scopes === "update" &&
    !sameAccess(catalogue, account.scopes ?? [], asked.scopes ?? []);
  const missing = defined({ role: lacksRole ? asked.role : undefined, scopes: lacksScopes ? asked.scopes : undefined });
  if (Object.keys(missing).length > 0) await client.updateServiceAccount?.(account.id, missing);
}

/** The account, or undefined where it is provably gone. */
async function observeAccount(connection: Connection, id: string, marker: string): Promise<ServiceAccount | undefined> {
  return (await connection.client.getServiceAccount?.(id)) ?? (await findAccount(connection, id, marker));
}
