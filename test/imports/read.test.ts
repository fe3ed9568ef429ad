import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberLiteral } from '../../src/http/json.ts';
import { findColumns } from '../../src/stock/imports/columns.ts';
import { isProblem, maxImportRows, readCsvTable } from '../../src/stock/imports/csv-table.ts';
import { type NumberStyle, numberStyleOf, readStyled } from '../../src/stock/imports/number-style.ts';
import { readPartRows } from '../../src/stock/imports/read-parts.ts';
import { readStockRows } from '../../src/stock/imports/read-stock.ts';

const parts = (content: string | Buffer) => {
  const table = readCsvTable(Buffer.from(content));
  if (isProblem(table)) return table;
  const found = findColumns('parts', table);
  if (isProblem(found)) return found;
  const { rows, faults, numbers } = readPartRows(table, found);
  const bodies = rows.map(({ item }) =>
    Object.fromEntries(
      Object.entries(item.body).map(([field, value]) => [field, value instanceof NumberLiteral ? value.source : value]),
    ),
  );
  return { table, found, bodies, faults, numbers, lines: rows.map(({ line }) => line) };
};

const stock = (content: string) => {
  const table = readCsvTable(Buffer.from(content));
  if (isProblem(table)) return table;
  const found = findColumns('stock', table);
  return isProblem(found) ? found : readStockRows(table, found);
};

describe('a file is read as a spreadsheet writes it', () => {
  it.each([
    ['commas', 'sku,name\nA,"Filtro, largo"\n', ','],
    ['semicolons', 'sku;name\nA;"Filtro, largo"\n', ';'],
    ['tabs', 'sku\tname\nA\tFiltro, largo\n', '\t'],
    ['commas in a heading in quotes', '"sku";"name"\nA;Filtro, largo', ';'],
  ])('with %s between its cells', (_, content, delimiter) => {
    expect(parts(content)).toMatchObject({ table: { delimiter }, bodies: [{ sku: 'A', name: 'Filtro, largo' }] });
  });

  it.each([
    ['UTF-8', Buffer.from('sku,name\nA,Cañería')],
    ['UTF-8', Buffer.from('\uFEFFsku,name\nA,Cañería')],
    ['Windows-1252', Buffer.from('sku,name\nA,Cañería', 'latin1')],
    ['UTF-16', Buffer.from('\uFEFFsku,name\nA,Cañería', 'utf16le')],
  ])('in %s', (encoding, content) => {
    expect(parts(content)).toMatchObject({ table: { encoding }, bodies: [{ sku: 'A', name: 'Cañería' }] });
  });

  it('with Windows-1252’s own signs', () => {
    expect(parts(Buffer.from('sku,name\nA,\x80 \x96 \x93x\x94', 'latin1'))).toMatchObject({
      bodies: [{ name: '€ – “x”' }],
    });
  });

  it('with headings in English and Spanish, in any order and spelling', () => {
    const read = parts('NOMBRE;Código;Punto de reorden;Costo unitario;Proveedor\nFaja;A;4;18,50;SKF');
    expect(read).toMatchObject({
      bodies: [{ sku: 'A', name: 'Faja', reorderPoint: '4', unitCost: '1850', supplier: 'SKF' }],
    });
  });

  it('and says which columns it does not take', () => {
    expect(parts('sku,Color,onHand\nA,rojo,3')).toMatchObject({ found: { unknown: ['Color'], readOnly: ['onHand'] } });
  });

  it('names the line of each row, also after one of several lines and an empty one', () => {
    expect(parts('sku,description\nA,"one\ntwo"\n\nB,x\n')).toMatchObject({ lines: [3, 5] });
  });

  it.each([
    ['nothing in it', '', { problem: 'empty' }],
    ['headings alone', 'sku,name\n', { problem: 'empty' }],
    ['empty rows', 'sku,name\n,\n,\n', { problem: 'empty' }],
    ['no sku', 'name\nFaja', { problem: 'missingColumn', column: 'sku' }],
    ['the same twice', 'sku,Código\nA,B', { problem: 'columnTwice', column: 'Código' }],
    ['an open quote', 'sku,name\nA,"Faja\n', { problem: 'malformed' }],
    ['too many rows', `sku\n${'A\n'.repeat(maxImportRows + 1)}`, { problem: 'tooManyRows' }],
  ])('and refused as a whole with %s', (_, content, problem) => {
    expect(parts(content)).toMatchObject(problem);
  });
});

describe('a number', () => {
  it.each<[string[], ',' | ';', NumberStyle]>([
    [['1.5', '1,234.5'], ',', 'point'],
    [['1,5', '1.234,5'], ';', 'comma'],
    [['12,50', '1.250'], ',', 'comma'],
    [['1.234.567'], ';', 'comma'],
    [['33.125'], ',', 'point'],
    [['33.125'], ';', 'unclear'],
    [['1.5', '1,5'], ',', 'unclear'],
    [['7'], ';', 'unclear'],
  ])('of a file with %j and %s is written with: %s', (texts, delimiter, style) => {
    expect(numberStyleOf(texts, delimiter)).toBe(style);
  });

  it.each<[NumberStyle, string, string | undefined]>([
    ['point', '1,234.5', '1234.5'],
    ['point', '1,234', '1234'],
    ['point', '33.125', '33.125'],
    ['point', '12,5', undefined],
    ['comma', '1.234,5', '1234.5'],
    ['comma', '1.250', '1250'],
    ['comma', '12.5', undefined],
    ['comma', '-0,5', '-0.5'],
    ['unclear', '12', '12'],
    ['unclear', '12,5', '12.5'],
    ['unclear', '1,500', undefined],
    ['unclear', '1.500', undefined],
    ['point', 'many', undefined],
    ['point', '', undefined],
    ['point', '1e3', undefined],
  ])('with a decimal %s, %j is %s', (style, text, value) => {
    const read = readStyled(style, text);
    expect(read instanceof NumberLiteral ? read.source : undefined).toBe(value);
  });

  it('is never read as another one than was written, whatever stands beside it', () => {
    const quantity = fc.record({
      whole: fc.integer({ min: 0, max: 999_999 }),
      decimals: fc.stringMatching(/^\d{1,6}$/),
    });
    fc.assert(
      fc.property(fc.array(quantity, { minLength: 1, maxLength: 5 }), fc.constantFrom(',', '.'), (list, mark) => {
        const texts = list.map(({ whole, decimals }) => `${whole}${mark}${decimals}`);
        const style = numberStyleOf(texts, mark === ',' ? ';' : ',');
        for (const [n, text] of texts.entries()) {
          const read = readStyled(style, text);
          if (read instanceof NumberLiteral)
            expect(Number(read.source)).toBe(Number(`${list[n]?.whole}.${list[n]?.decimals}`));
        }
      }),
    );
  });
});

describe('a row of parts', () => {
  it('has its faults named by line, column and value', () => {
    const read = parts(
      'sku,name,reorderPoint,unitCost\nA,Faja,pocos,1\nB,Correa,-1,\n,Sin código,1,\nC,x,1,12.345\nA,Otra,1,1\n',
    );
    expect(read).toMatchObject({
      faults: [
        { line: 2, field: 'reorderPoint', value: 'pocos', reason: { predicate: 'must be a number' } },
        { line: 3, field: 'reorderPoint', value: '-1', reason: { predicate: 'must not be less than 0' } },
        { line: 4, field: 'sku', reason: { predicate: 'is required' } },
        { line: 5, field: 'unitCost', reason: { predicate: 'must be a whole number of cents, 0 or more' } },
      ],
    });
    expect(parts('sku\nA\na\n')).toMatchObject({
      faults: [{ line: 3, field: 'sku', reason: { kind: 'repeated', line: 2 } }],
    });
    expect(parts('sku,name\nA,x,y\n')).toMatchObject({ faults: [{ line: 2, reason: { count: 3, expected: 2 } }] });
  });

  it('clears with an empty cell what can be cleared, and says nothing of what is no column', () => {
    expect(parts('sku,name,supplier,unit,description\nA,,,,""\n')).toMatchObject({
      bodies: [{ sku: 'A', supplier: null, description: '' }],
    });
    expect(parts('sku\nA\n')).toMatchObject({ bodies: [{ sku: 'A' }] });
  });

  it('has its cost in dollars, and under the export’s own heading in cents', () => {
    expect(parts('sku,Unit cost\nA,$18.50\n')).toMatchObject({ bodies: [{ unitCost: '1850' }] });
    expect(parts('sku,unitCost\nA,1850\n')).toMatchObject({ bodies: [{ unitCost: '1850' }] });
  });
});

describe('a row of stock', () => {
  it('is a count of a part at a location, which digits never name by id', () => {
    expect(stock('SKU;Ubicación;Cantidad\n12;Almacén Central;1,5\n')).toMatchObject({
      faults: [],
      rows: [
        {
          quantity: '1.5',
          movement: { kind: 'count', part: { key: '12', digits: undefined, id: undefined }, quantity: '1.5' },
        },
      ],
    });
  });

  it('is refused without one of the three, below zero, or twice', () => {
    const read = stock('sku,location,quantity\nA,,1\nA,X,\nA,X,-1\nA,X,1\na,x,2\n');
    expect(read).toMatchObject({
      faults: [
        { line: 2, field: 'location' },
        { line: 3, field: 'quantity' },
        { line: 4, field: 'quantity', value: '-1' },
        { line: 6, reason: { kind: 'repeated', line: 5 } },
      ],
    });
    expect(stock('sku,quantity\nA,1')).toMatchObject({ problem: 'missingColumn', column: 'location' });
  });
});
