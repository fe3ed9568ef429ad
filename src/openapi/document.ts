import { createDocument } from 'zod-openapi';
import { type Document, sayNulls } from './nulls.ts';
import { errorResponses, type Operation, pathsOf } from './operation.ts';
import { deliveryOperations } from './operations/deliveries.ts';
import { endpointOperations } from './operations/endpoints.ts';
import { locationOperations } from './operations/locations.ts';
import { movementOperations } from './operations/movements.ts';
import { partOperations } from './operations/parts.ts';
import { stockOperations } from './operations/stock.ts';
import { ErrorAnswer } from './schemas.ts';
import { webhooks } from './webhooks.ts';

export const operations: Operation[] = [
  ...partOperations,
  ...locationOperations,
  ...stockOperations,
  ...movementOperations,
  ...endpointOperations,
  ...deliveryOperations,
];

const description = `Maintenance stock: parts, locations, and the ledger of their movements.

Every request needs a key, made in the "API & webhooks" settings: \`Authorization: Bearer mk_live_…\` or \`X-API-Key\`. A success
wraps its result in \`data\`, a refusal in \`error\`. Money is integer cents; a quantity is a number with at most 6 decimals.
Lists answer every row unless \`limit\` or \`cursor\` is given.`;

const tags = [
  { name: 'Parts', description: 'What is kept in stock.' },
  { name: 'Locations', description: 'Where it is kept.' },
  { name: 'Stock', description: 'How much is on hand.' },
  { name: 'Movements', description: 'The append-only ledger that stock is derived from.' },
  { name: 'Webhook endpoints', description: 'Who is told of changes.' },
  { name: 'Deliveries', description: 'What was sent to whom, and what came of it.' },
];

const made = createDocument(
  {
    openapi: '3.1.1',
    info: {
      title: 'maintainkit',
      version: '1',
      description,
      contact: { name: 'The administrator of your maintainkit' },
      license: { name: 'Proprietary', identifier: 'LicenseRef-Proprietary' },
    },
    servers: [{ url: '/', description: 'This service.' }],
    security: [{ bearer: [] }, { apiKey: [] }],
    tags,
    paths: pathsOf(operations),
    webhooks,
    components: {
      schemas: { ErrorAnswer },
      responses: errorResponses,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key as the token.' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
    },
  },
  {
    allowEmptySchema: { transform: true, pipe: true },
    // Answers may gain keys: generated clients must take them.
    override: ({ io, jsonSchema }) => {
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  },
);
/** The API as an OpenAPI 3.1 document, made from the schemas that validate its requests. */
export const openApiDocument: Document = JSON.parse(JSON.stringify(made));
sayNulls(openApiDocument);
