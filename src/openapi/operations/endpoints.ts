import { z } from 'zod';
import { endpointSorts } from '../../webhooks/endpoints/find-endpoint.ts';
import { NewEndpoint, patchRules, Recover, RotateSecret, WhatWasMissed } from '../../webhooks/endpoints/schema.ts';
import type { Operation } from '../operation.ts';
import { etag, ifMatch, listParameters, locationHeader, rowsOf } from '../parameters.ts';
import {
  Endpoint,
  EndpointWithSecret,
  mergePatch,
  one,
  Recovery,
  RecoveryDryRun,
  RotatedSecret,
  TestEvent,
} from '../schemas.ts';

const tag = 'Webhook endpoints';
const path = '/webhook-endpoints/{id}';
const shown = { description: 'The endpoint.', schema: one(Endpoint) };

export const endpointOperations: Operation[] = [
  {
    method: 'get',
    path: '/webhook-endpoints',
    id: 'listEndpoints',
    tag,
    summary: 'List endpoints',
    query: listParameters(endpointSorts, 'id'),
    answers: rowsOf('Endpoints.', Endpoint),
  },
  {
    method: 'post',
    path: '/webhook-endpoints',
    id: 'createEndpoint',
    tag,
    summary: 'Register an endpoint',
    description: 'Without `events` it gets the four published ones. The secret is shown in this answer only.',
    body: { schema: NewEndpoint.meta({ id: 'NewWebhookEndpoint' }) },
    answers: {
      201: { description: 'Registered.', schema: one(EndpointWithSecret), headers: { ...locationHeader, ...etag } },
    },
  },
  {
    method: 'get',
    path,
    id: 'getEndpoint',
    tag,
    summary: 'Get an endpoint',
    answers: { 200: { ...shown, headers: etag } },
  },
  {
    method: 'patch',
    path,
    id: 'updateEndpoint',
    tag,
    summary: 'Change an endpoint',
    description: 'A JSON Merge Patch (RFC 7396): null clears a field, read-only ones are ignored.',
    body: {
      schema: mergePatch(NewEndpoint, patchRules).meta({ id: 'WebhookEndpointPatch' }),
      contentTypes: ['application/json', 'application/merge-patch+json'],
    },
    headers: { 'If-Match': ifMatch },
    answers: { 200: { ...shown, headers: etag } },
    refusals: [412],
  },
  {
    method: 'delete',
    path,
    id: 'deleteEndpoint',
    tag,
    summary: 'Delete an endpoint',
    description: 'What is still on its way to it ends.',
    answers: { 204: null },
  },
  {
    method: 'post',
    path: `${path}/rotate-secret`,
    id: 'rotateEndpointSecret',
    tag,
    summary: 'Give it a new secret',
    description: 'The old one signs on beside it for `overlapHours`, 24 by default.',
    body: { schema: RotateSecret.meta({ id: 'RotateSecret' }), optional: true },
    answers: { 200: { description: 'The new secret, shown in this answer only.', schema: one(RotatedSecret) } },
  },
  {
    method: 'post',
    path: `${path}/test`,
    id: 'testEndpoint',
    tag,
    summary: 'Send it a test event',
    answers: {
      202: {
        description: 'On its way; the delivery tells what comes of it.',
        schema: one(TestEvent),
        headers: locationHeader,
      },
    },
  },
  {
    method: 'post',
    path: `${path}/enable`,
    id: 'enableEndpoint',
    tag,
    summary: 'Enable it again',
    description: 'With `recover` it also gets what it missed.',
    body: {
      schema: z
        .strictObject({ recover: z.union([z.boolean(), WhatWasMissed]).optional() })
        .meta({ id: 'EnableEndpoint' }),
      optional: true,
    },
    answers: {
      200: shown,
      202: {
        description: 'Enabled, and what it missed is being sent.',
        schema: one(Endpoint.extend({ recovery: Recovery }).meta({ id: 'EnabledEndpoint' })),
        headers: locationHeader,
      },
    },
  },
  {
    method: 'post',
    path: `${path}/disable`,
    id: 'disableEndpoint',
    tag,
    summary: 'Disable it',
    answers: { 200: shown },
  },
  {
    method: 'post',
    path: `${path}/recover`,
    id: 'recoverEndpoint',
    tag,
    summary: 'Send again what it missed',
    body: { schema: Recover.meta({ id: 'Recover' }) },
    answers: {
      200: { description: 'How many that would be: a dry run.', schema: one(RecoveryDryRun) },
      202: { description: 'Begun.', schema: one(Recovery), headers: locationHeader },
    },
  },
  {
    method: 'get',
    path: '/recoveries/{id}',
    id: 'getRecovery',
    tag,
    summary: 'How far a recovery is',
    answers: { 200: { description: 'The recovery.', schema: one(Recovery) } },
  },
];
