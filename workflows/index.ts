export { auditLedger } from './audit-ledger.ts';
export { deliverWebhook } from './deliver-webhook.ts';
export { maintainAttemptLog } from './maintain-attempt-log.ts';
export { recoverDeliveries } from './recover-deliveries.ts';
