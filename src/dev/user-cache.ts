import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where tools that were fetched or built once are kept for all checkouts of this user. */
export function userCache(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'maintainkit');
}
