import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLedger, type LedgerDifference } from '../../src/stock/audit/audit-ledger.ts';
import { newLocation, newPart, unique } from '../api/support.ts';
import { startTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

async function mk(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, DATABASE_URL: api.db.url };
  return promisify(execFile)(process.execPath, [cli, ...args], { env }).then(
    (printed) => ({ code: 0, ...printed }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

async function differencesOf(organizationId?: number): Promise<LedgerDifference[]> {
  const all: LedgerDifference[] = [];
  for await (const { differences } of auditLedger({ databaseUrl: api.db.url }, { organizationId })) {
    all.push(...differences);
  }
  return all;
}

/** As somebody who may do everything in the database, but does not know that rows are chained. */
async function tamper(sql: string, values: unknown[]): Promise<void> {
  const client = await api.db.pool.connect();
  try {
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    const { rowCount } = await client.query(sql, values);
    expect(rowCount).toBeGreaterThan(0);
    await client.query('commit');
  } finally {
    client.release();
  }
}

interface Story {
  organizationId: number;
  part: number;
  here: number;
  there: number;
  /** Ids of the part's rows, as `told` numbers them from 1. */
  rows: number[];
}

/** An organization of its own, with one part to which this happened. */
async function tell(movements: (places: { here: string; there: string }) => object[] = told): Promise<Story> {
  const organizationId = await api.createOrganization();
  const key = await api.createKey('write', organizationId);
  const part = await newPart(api, {}, key);
  const [here, there] = [await newLocation(api, unique('Here'), key), await newLocation(api, unique('There'), key)];
  for (const body of movements({ here: here.name, there: there.name })) {
    const { rows } = await api.db.pool.query('select id from movement where part_id = $1 order by id', [part.id]);
    const reverses = 'undoes' in body ? { reverses: Number(rows[Number(body.undoes) - 1].id), undoes: undefined } : {};
    const sent = { ...body, sku: part.sku, ...reverses };
    const answer = await api.request('POST', '/movements', { key, body: sent });
    expect(answer.status, answer.text).toBe(201);
  }
  const { rows } = await api.db.pool.query('select id from movement where part_id = $1 order by id', [part.id]);
  return { organizationId, part: part.id, here: here.id, there: there.id, rows: rows.map(({ id }) => Number(id)) };
}

/** Rows 4 and 5 are the transfer's, 8 undoes 2, 9 and 10 undo 4 and 5. */
const told = ({ here, there }: { here: string; there: string }) => [
  { kind: 'receive', location: here, qty: 10, unitCost: 100 },
  { kind: 'receive', location: here, qty: 10, unitCost: 301 },
  { kind: 'consume', location: here, qty: 3 },
  { kind: 'transfer', from: here, to: there, qty: 5 },
  { kind: 'count', location: here, target: 13 },
  { kind: 'adjust', location: there, qtyDelta: 2.5, note: 'found' },
  { kind: 'adjust', undoes: 2 },
  { kind: 'adjust', undoes: 4 },
  { kind: 'consume', location: here, qty: 1 },
];

/** `[record, row or place, field, stored, derived]`; a hash is `#`. */
async function seen({ organizationId, part, rows, here }: Story) {
  const differences = await differencesOf(organizationId);
  const plain = (value: unknown) => (typeof value === 'string' ? '#' : value);
  const numbered = (id: unknown) => (id === null ? null : rows.indexOf(Number(id)) + 1);
  return differences.map(({ record, movementId, locationId, field, stored, derived, ...ids }) => {
    expect(ids).toEqual({ organizationId, partId: part });
    const where = movementId !== null ? rows.indexOf(movementId) + 1 : record === 'part' ? null : place(locationId);
    const shown = /^(transfer|reverses)Id$/.test(field) ? numbered : plain;
    return [record, where, field, shown(stored), shown(derived)];
  });
  function place(id: number | null) {
    return id === here ? 'here' : 'there';
  }
}

describe('the audit of a ledger that nobody has touched finds nothing', () => {
  it('whatever kinds of movement it has', async () => {
    expect(await seen(await tell())).toEqual([]);
  });

  it('also while writers are busy', async () => {
    const parts = await Promise.all(Array.from({ length: 12 }, () => newPart(api, { unitCost: 333 })));
    const places = await Promise.all([1, 2, 3].map(() => newLocation(api)));
    const pick = <T>(choices: T[]): T => choices[Math.floor(Math.random() * choices.length)] as T;
    const some = () => Math.ceil(Math.random() * 9_000_000) / 1_000_000;
    const known: number[] = [];
    function randomMovement() {
      const kind = pick(['receive', 'receive', 'consume', 'adjust', 'count', 'transfer', 'reversal']);
      const at = { sku: pick(parts).sku, location: pick(places).name };
      const [from, to] = places.toSorted(() => Math.random() - 0.5).map(({ name }) => name);
      if (kind === 'reversal' && known.length > 0) return { kind: 'adjust', reverses: pick(known) };
      if (kind === 'adjust') return { kind, ...at, qtyDelta: pick([1, -1]) * some() };
      if (kind === 'count') return { kind, ...at, target: pick([0, some()]) };
      if (kind === 'transfer') return { kind, sku: at.sku, from, to, qty: some() };
      if (kind === 'consume') return { kind, ...at, qty: some() };
      return { kind: 'receive', ...at, qty: some(), ...pick([{}, { unitCost: Math.ceil(Math.random() * 999) }]) };
    }
    const write = async () => {
      for (let n = 0; n < 12; n++) {
        const body = { atomic: false, movements: Array.from({ length: 15 }, randomMovement) };
        const answer = await api.request('POST', '/movements/batch', { body });
        expect(answer.status, answer.text).toBe(201);
        for (const { movementId } of answer.body.data) if (movementId !== undefined) known.push(movementId);
      }
    };
    let isWriting = true;
    let audits = 0;
    const auditing = (async () => {
      for (; isWriting; audits++) expect(await differencesOf()).toEqual([]);
    })();
    await Promise.all(Array.from({ length: 6 }, write)).finally(() => {
      isWriting = false;
    });
    await auditing;
    expect(audits).toBeGreaterThan(2);
    expect(known.length).toBeGreaterThan(500);
    expect(await differencesOf()).toEqual([]);
  });
});

describe('what was changed behind its back is named:', () => {
  const row = (n: number, change: string) => async (story: Story) =>
    tamper(`update movement set ${change} where id = $1`, [story.rows[n - 1]]);
  const removed =
    (...ns: number[]) =>
    async (story: Story) =>
      tamper('delete from movement where id = any ($1)', [ns.map((n) => story.rows[n - 1])]);
  const rehashed = (n: number, change: string) => async (story: Story) => {
    await row(n, change)(story);
    await tamper(
      `update movement m set hash = movement_digest((select hash from movement where id = $2), m) where id = $1`,
      [story.rows[n - 1], story.rows[n - 2]],
    );
  };
  const swapped = (one: number, two: number) => async (story: Story) => {
    const [a, b] = [story.rows[one - 1], story.rows[two - 1]];
    for (const [from, to] of [
      [a, -1],
      [b, a],
      [-1, b],
    ])
      await tamper('update movement set id = $2 where id = $1', [from, to]);
  };
  const part = (change: string) => async (story: Story) =>
    tamper(`update part set ${change} where id = $1`, [story.part]);
  const level = (sql: string) => async (story: Story) => tamper(sql, [story.part, story.here]);

  it.each<[string, (story: Story) => Promise<void>, unknown[][]]>([
    [
      'a level',
      level('update stock_level set on_hand = on_hand + 0.000001 where part_id = $1 and location_id = $2'),
      [['stock level', 'here', 'onHand', 7.000001, 7]],
    ],
    [
      'a level that is gone',
      level('delete from stock_level where part_id = $1 and location_id = $2'),
      [['stock level', 'here', 'onHand', null, 7]],
    ],
    ['a part’s total', part('on_hand = 1'), [['part', null, 'onHand', 1, 9.5]]],
    ['a part’s value', part('value = value + 1'), [['part', null, 'value', 995, 994]]],
    ['a part’s hash', part(`ledger_hash = '\\x00'`), [['part', null, 'ledgerHash', '#', '#']]],
    [
      'a row’s running total',
      row(3, 'on_hand = 18'),
      [
        ['movement', 3, 'onHand', 18, 17],
        ['movement', 3, 'hash', '#', '#'],
      ],
    ],
    [
      'a row’s running value',
      row(3, 'total_value = 3409'),
      [
        ['movement', 3, 'totalValue', 3409, 3408],
        ['movement', 3, 'hash', '#', '#'],
      ],
    ],
    [
      'a row’s value',
      row(3, 'value = -601'),
      [
        ['movement', 3, 'value', -601, -602],
        ['movement', 3, 'totalValue', 3408, 3409],
        ['movement', 3, 'hash', '#', '#'],
        ['part', null, 'value', 994, 995],
      ],
    ],
    [
      'a row’s quantity',
      row(3, 'qty_delta = -2'),
      [
        ['movement', 3, 'onHand', 17, 18],
        ['movement', 3, 'value', -602, -401],
        ['movement', 3, 'hash', '#', '#'],
        ['movement', 6, 'expected', 12, 13],
        ['stock level', 'here', 'onHand', 7, 8],
        ['part', null, 'onHand', 9.5, 10.5],
      ],
    ],
    [
      'what a count found',
      row(6, 'expected = 11'),
      [
        ['movement', 6, 'expected', 11, 12],
        ['movement', 6, 'hash', '#', '#'],
      ],
    ],
    ['a note', row(7, `note = 'found later'`), [['movement', 7, 'hash', '#', '#']]],
    ['a note that is taken away', row(7, 'note = null'), [['movement', 7, 'hash', '#', '#']]],
    ['when it happened', row(1, `occurred_at = occurred_at - interval '1 day'`), [['movement', 1, 'hash', '#', '#']]],
    ['which key wrote it', row(1, 'api_key_id = null'), [['movement', 1, 'hash', '#', '#']]],
    ['a row’s hash', row(3, `hash = '\\x00'`), hashes(3, 4)],
    [
      'the quantity that a transfer brings',
      row(5, 'qty_delta = 6'),
      [
        ['movement', 5, 'qtyDelta', 6, 5],
        ['movement', 5, 'hash', '#', '#'],
        ['movement', 10, 'qtyDelta', -5, -6],
        ['stock level', 'there', 'onHand', 2.5, 3.5],
        ['part', null, 'onHand', 9.5, 10.5],
      ],
    ],
    [
      'the value that a transfer brings',
      row(5, 'value = 1000'),
      [
        ['movement', 5, 'value', 1000, 1002],
        ['movement', 5, 'hash', '#', '#'],
        ['movement', 10, 'value', -1002, -1000],
        ['part', null, 'value', 994, 992],
      ],
    ],
    [
      'a row that is gone',
      removed(3),
      [
        ['movement', 4, 'onHand', 17, 20],
        ['movement', 4, 'totalValue', 3408, 4010],
        ['movement', 4, 'hash', '#', '#'],
        ['movement', 6, 'expected', 12, 15],
        ['stock level', 'here', 'onHand', 7, 10],
        ['part', null, 'onHand', 9.5, 12.5],
        ['part', null, 'value', 994, 1596],
      ],
    ],
    [
      'the last row that is gone',
      removed(11),
      [
        ['stock level', 'here', 'onHand', 7, 8],
        ['part', null, 'onHand', 9.5, 10.5],
        ['part', null, 'value', 994, 1099],
        ['part', null, 'ledgerHash', '#', '#'],
      ],
    ],
    [
      'a row of a transfer that is gone',
      removed(5, 9, 10),
      [
        ['movement', 4, 'transferId', 4, null],
        ['movement', 6, 'hash', '#', '#'],
        ['movement', 11, 'hash', '#', '#'],
        ['stock level', 'here', 'onHand', 7, 2],
        ['part', null, 'onHand', 9.5, 4.5],
        ['part', null, 'value', 994, -8],
      ],
    ],
    [
      'a movement that was undone and is gone',
      removed(2),
      [
        ['movement', 3, 'onHand', 17, 7],
        ['movement', 3, 'totalValue', 3408, 398],
        ['movement', 3, 'hash', '#', '#'],
        ['movement', 6, 'expected', 12, 2],
        ['movement', 8, 'reversesId', 2, null],
        ['stock level', 'here', 'onHand', 7, -3],
        ['part', null, 'onHand', 9.5, -0.5],
        ['part', null, 'value', 994, -2016],
      ],
    ],
    [
      'a reversal of another quantity',
      row(8, 'qty_delta = -9'),
      [
        ['movement', 8, 'qtyDelta', -9, -10],
        ['movement', 8, 'onHand', 10.5, 11.5],
        ['movement', 8, 'hash', '#', '#'],
        ['stock level', 'here', 'onHand', 7, 8],
        ['part', null, 'onHand', 9.5, 10.5],
      ],
    ],
    ['a row whose hash was made anew, by the one after it', rehashed(7, `note = 'found later'`), hashes(8)],
    [
      'the last row whose hash was made anew, by the part’s',
      rehashed(11, `note = 'for whom?'`),
      [['part', null, 'ledgerHash', '#', '#']],
    ],
    [
      'a row that never was recorded',
      ({ rows }) =>
        tamper(
          `insert into movement select (jsonb_populate_record(m, jsonb_build_object('id', nextval('movement_id_seq')))).*
           from movement m where id = $1`,
          [rows[10]],
        ),
      [
        ['movement', 0, 'onHand', 9.5, 8.5],
        ['movement', 0, 'totalValue', 994, 889],
        ['movement', 0, 'hash', '#', '#'],
        ['stock level', 'here', 'onHand', 7, 6],
        ['part', null, 'onHand', 9.5, 8.5],
        ['part', null, 'value', 994, 889],
      ],
    ],
    [
      'two rows that have changed places',
      swapped(1, 3),
      [
        ['movement', 1, 'onHand', 17, -3],
        ['movement', 1, 'totalValue', 3408, -602],
        ['movement', 1, 'hash', '#', '#'],
        ['movement', 2, 'onHand', 20, 27],
        ['movement', 2, 'totalValue', 4010, 6418],
        ['movement', 2, 'hash', '#', '#'],
        ['movement', 3, 'onHand', 10, 30],
        ['movement', 3, 'totalValue', 1000, 5010],
        ['movement', 3, 'hash', '#', '#'],
        ['movement', 4, 'hash', '#', '#'],
      ],
    ],
  ])('%s', async (_what, change, expected) => {
    const story = await tell();
    await change(story);
    expect(await seen(story)).toEqual(expected);
  });

  it('the only row of a part, when it is gone', async () => {
    const story = await tell(({ here }) => [{ kind: 'receive', location: here, qty: 2, unitCost: 50 }]);
    await removed(1)(story);
    expect(await seen(story)).toEqual([
      ['stock level', 'here', 'onHand', 2, null],
      ['part', null, 'onHand', 2, 0],
      ['part', null, 'value', 100, 0],
      ['part', null, 'ledgerHash', '#', '#'],
    ]);
  });

  it('a transfer that comes back to where it left', async () => {
    const story = await tell();
    await tamper('update movement set location_id = $2 where id = $1', [story.rows[4], story.here]);
    const [first] = await seen(story);
    expect(first).toEqual(['movement', 5, 'locationId', story.here, null]);
  });

  function hashes(...ns: number[]) {
    return ns.map((n) => ['movement', n, 'hash', '#', '#']);
  }
});

describe('mk audit', () => {
  it('prints that all is well', async () => {
    const { organizationId } = await tell();
    const { code, stdout, stderr } = await mk('audit', '--org', `${organizationId}`);
    expect([code, stdout, stderr]).toEqual([0, '{"ok":true,"differences":[]}\n', '']);
  });

  it('prints the differences and exits 1, over all organizations or one', async () => {
    const story = await tell();
    const another = await tell();
    await tamper('update part set on_hand = 1 where id = $1', [story.part]);
    const { organizationId } = story;
    const { code, stdout } = await mk('audit', '--org', `${organizationId}`);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      differences: [
        {
          organizationId,
          partId: story.part,
          record: 'part',
          movementId: null,
          locationId: null,
          field: 'onHand',
          stored: 1,
          derived: 9.5,
        },
      ],
    });
    expect((await mk('audit', '--org', `${another.organizationId}`)).code).toBe(0);
    const all = await mk('audit');
    expect(all.code).toBe(1);
    expect(JSON.parse(all.stdout).differences).toContainEqual(JSON.parse(stdout).differences[0]);
  });

  it('knows no organization that is not there', async () => {
    expect(await mk('audit', '--org', '999999')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'There is no organization 999999.\n',
    });
  });
});
