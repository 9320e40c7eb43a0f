import type {
  ApiKey,
  BackendClient,
  IssuedApiKey,
  NewKey,
  NewServiceAccount,
  ServiceAccount,
} from "../provider/backends/definition";
import { defined } from "../provider/values/defined";
import { fingerprintOf } from "../provider/values/fingerprint";
import { formatTime } from "../provider/values/times";

/** A service in memory that grants every request. Its secrets do not look like secrets, and open nothing. */
export class MockService {
  readonly #nowMs: () => number;
  readonly #keys = new Map<string, IssuedApiKey & { readonly owner: string | undefined }>();
  readonly #accounts = new Map<string, ServiceAccount>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  client(): BackendClient {
    return {
      createKey: (key) => Promise.resolve(this.#create(key)),
      getKey: ({ id }) => Promise.resolve(this.#told(id)),
      listKeys: ({ serviceAccountId }) =>
        Promise.resolve(
          [...this.#keys.values()].flatMap(({ id, owner }) =>
            owner === serviceAccountId ? (this.#told(id) ?? []) : [],
          ),
        ),
      updateKey: ({ id }) => Promise.resolve(this.#told(id) as ApiKey),
      revokeKey: ({ id }) => Promise.resolve(this.#keys.delete(id) ? "revoked" : "absent"),
      enableKey: () => Promise.resolve(),
      rotateKey: ({ id }) => Promise.resolve(this.#keys.get(id) as IssuedApiKey),
      revokePrevious: () => Promise.resolve("absent"),
      createServiceAccount: (account) => Promise.resolve(this.#createAccount(account)),
      getServiceAccount: (id) => Promise.resolve(this.#accounts.get(id)),
      listServiceAccounts: ({ name }) =>
        Promise.resolve([...this.#accounts.values()].filter((account) => name === undefined || account.name === name)),
      updateServiceAccount: (id) => Promise.resolve(this.#accounts.get(id) as ServiceAccount),
      enableServiceAccount: () => Promise.resolve(),
      deleteServiceAccount: (id) => Promise.resolve(this.#accounts.delete(id) ? "deleted" : "absent"),
    };
  }

  #create({ secretValue, labels: _labels, serviceAccountId: owner, ...asked }: NewKey): IssuedApiKey {
    const id = `mock-key-${this.#keys.size + 1}`;
    const secret = secretValue ?? `mock_${fingerprintOf(`${id} of ${asked.name}`)}`;
    const key = {
      ...defined({ ...asked, id, status: "active" as const, createdAt: formatTime(this.#nowMs()) }),
      secret,
    };
    this.#keys.set(id, { ...key, owner });
    return key;
  }

  #createAccount({ labels: _labels, ...asked }: NewServiceAccount): ServiceAccount {
    const id = `mock-account-${this.#accounts.size + 1}`;
    const account = defined({ ...asked, id, status: "active" as const, createdAt: formatTime(this.#nowMs()) });
    this.#accounts.set(id, account);
    return account;
  }

  #told(id: string): ApiKey | undefined {
    const { secret: _secret, owner: _owner, ...key } = this.#keys.get(id) ?? { secret: "", owner: undefined };
    return "id" in key ? key : undefined;
  }
}
