import { readFileSync } from 'node:fs';
import { Migration } from '@mikro-orm/migrations';

/** In order, and never edited once released: a change is a new file. */
export const migrations = [
  { name: '0001-initial', class: fromSql('0001-initial') },
  { name: '0002-record-movements', class: fromSql('0002-record-movements') },
  { name: '0003-attempts', class: fromSql('0003-attempts') },
  { name: '0004-attempt-log', class: fromSql('0004-attempt-log') },
  { name: '0005-deliveries-by-hand', class: fromSql('0005-deliveries-by-hand') },
  { name: '0006-recovery', class: fromSql('0006-recovery') },
  { name: '0007-idempotency', class: fromSql('0007-idempotency') },
  { name: '0008-rate-limits', class: fromSql('0008-rate-limits') },
  { name: '0009-lists', class: fromSql('0009-lists') },
  { name: '0010-people', class: fromSql('0010-people') },
  { name: '0011-audit-ledger', class: fromSql('0011-audit-ledger') },
  { name: '0012-imports', class: fromSql('0012-imports') },
];

function fromSql(name: string) {
  return class extends Migration {
    override up(): void {
      this.addSql(readFileSync(new URL(`./migrations/${name}.sql`, import.meta.url), 'utf8'));
    }
  };
}
