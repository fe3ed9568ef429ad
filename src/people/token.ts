import { createHash, randomBytes } from 'node:crypto';

const tokenBytes = 32;

/** What a cookie or a link carries; the database keeps only its hash. */
export const newToken = () => randomBytes(tokenBytes).toString('base64url');

export const hashToken = (token: string) => createHash('sha256').update(token).digest();
