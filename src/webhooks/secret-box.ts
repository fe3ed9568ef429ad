import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/**
 * Keeps webhook secrets encrypted at rest: AES-256-GCM, the endpoint's id as associated data, so that a ciphertext moved to
 * another endpoint does not open. A sealed secret reads `v1:<key id>:<base64url of iv, tag and ciphertext>`.
 */
export interface SecretBox {
  seal(secret: string, endpointId: number): string;
  /** Throws when no key of this box sealed it, or it was not sealed for this endpoint. */
  open(sealed: string, endpointId: number): string;
  /** Whether it is sealed with the first key. */
  isCurrent(sealed: string): boolean;
}

const version = 'v1';
const algorithm = 'aes-256-gcm';
const [ivBytes, tagBytes] = [12, 16];

/** The first key seals, each of them opens: that is how a key is replaced. */
export function createSecretBox(keys: readonly [Buffer, ...Buffer[]]): SecretBox {
  const byId = new Map(keys.map((key) => [keyId(key), key]));
  const [current] = keys;

  return {
    seal(secret, endpointId) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv(algorithm, current, iv).setAAD(associatedData(endpointId));
      const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      const sealed = Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString('base64url');
      return `${version}:${keyId(current)}:${sealed}`;
    },

    open(sealed, endpointId) {
      const { id, bytes } = parse(sealed);
      const key = byId.get(id);
      if (key === undefined) {
        throw new Error(
          `The secret of endpoint ${endpointId} is sealed with key ${id}, which SECRETS_KEY does not hold.`,
        );
      }
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
        .setAAD(associatedData(endpointId))
        .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      return decipher.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
    },

    isCurrent: (sealed) => parse(sealed).id === keyId(current),
  };
}

const associatedData = (endpointId: number) => Buffer.from(`webhook_endpoint:${endpointId}`);

/** Names a key without telling anything of it. */
const keyId = (key: Buffer) => createHash('sha256').update(key).digest('hex').slice(0, 8);

function parse(sealed: string): { id: string; bytes: Buffer } {
  const [found, id, text] = sealed.split(':');
  if (found !== version || id === undefined || text === undefined) throw new Error('This is not a sealed secret.');
  return { id, bytes: Buffer.from(text, 'base64url') };
}
