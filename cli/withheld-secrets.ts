import { createCipheriv, createHash, pbkdf2Sync } from "node:crypto";

/**
 * Opens every copy that `apikeys state --without-secrets` makes. It is public on purpose: a copy contains nothing that
 * needs a secret passphrase.
 */
export const throwAwayPassphrase = "no secret is in this copy";

/** Replaces each secret in a copy. It is a text, and also JSON, for programs that read an object. */
export const placeholder = '{"withheld":true}';

/** The engine's passphrase provider, as a state contains it and, as `encryptionsalt`, a stack's config file. */
export interface ThrowAwayProvider {
  readonly salt: string;
  readonly encrypt: (text: string) => string;
}

let provider: ThrowAwayProvider | undefined;

/**
 * The same for every copy, so that equal states make equal copies, and a config file opens with any of them. Because
 * the passphrase is public, a random salt would add nothing.
 *
 * Form: github.com/pulumi/pulumi, sdk/go/common/resource/config/crypt.go and pkg/secrets/passphrase/manager.go.
 */
export function throwAwayProvider(): ThrowAwayProvider {
  provider ??= makeProvider();
  return provider;
}

function makeProvider(): ThrowAwayProvider {
  const salt = digest("pulumi-apikeys: a state without secrets").subarray(0, 8);
  const key = pbkdf2Sync(throwAwayPassphrase, salt, 1_000_000, 32, "sha256");
  const encrypt = (text: string): string => {
    // The nonce depends on the text, so no nonce is used for two texts.
    const nonce = digest(text).subarray(0, 12);
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
  };
  // The engine tests a passphrase on this word.
  return { salt: `v1:${salt.toString("base64")}:${encrypt("pulumi")}`, encrypt };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
