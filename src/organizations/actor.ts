/**
 * Who does something in an organization: a system by its key, a person on the pages, or (from the command line) nobody
 * known. The ledger keeps it with each movement.
 */
export interface Actor {
  organizationId: number;
  apiKeyId?: number;
  personId?: number;
}
