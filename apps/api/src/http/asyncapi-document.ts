/**
 * The AsyncAPI 3.0 document: what the server tells by itself, over streams and to webhooks. Its messages are of the same schemas as
 * the answers in the OpenAPI document. Loaded when it is first asked for.
 */
import { CHANGE_EVENT_TYPE, PING_EVENT_TYPE } from '#feed';
import { STREAM_PATH } from './change-routes.js';
import { answerSchemas, type Schema } from './schemas/index.js';

const DESCRIPTION = `Changes of legal statuses and registration states, as they become known: a person was arrested, sentenced, released; a
party's registration was filed, refused; an earlier report was corrected. Each is a CloudEvent 1.0 in structured JSON, the same in pages
(\`GET /v1/status-changes\`), over streams and to webhooks. What is asked for, and answered, is in /openapi.json.`;

/** The messages that are sent, by their names, and the schemas of their contents. */
const MESSAGES = {
  statusChange: 'StatusChangeEvent',
  restated: 'Restated',
  deliveredStatusChange: 'StatusChangeEvent',
  ping: 'WebhookPingEvent',
} as const;

const CLOUD_EVENT = 'application/cloudevents+json';

export function buildAsyncApi(): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Habeas',
      version: '1',
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: CLOUD_EVENT,
    servers: {
      record: {
        host: '{host}',
        protocol: 'http',
        description: 'This server, or what TLS ends at before it',
        variables: { host: { default: '127.0.0.1:3000', description: 'Where it listens' } },
        security: [ref('securitySchemes', 'key'), ref('securitySchemes', 'ticket')],
      },
      receiver: {
        host: '{receiver}',
        protocol: 'https',
        description: 'Whoever a webhook was registered for',
        variables: { receiver: { default: 'hooks.example.org', description: 'The host of the webhook’s url' } },
      },
    },
    channels: {
      stream: {
        title: 'The stream of status changes',
        description:
          'Server-Sent Events. Each has an id, by which a client that comes again goes on (Last-Event-ID); comments keep the connection open. ' +
          'Events without a name hold a change, those named `restated` say that the record is folded otherwise than when the client was last told.',
        address: STREAM_PATH,
        servers: [{ $ref: '#/servers/record' }],
        messages: { statusChange: ref('messages', 'statusChange'), restated: ref('messages', 'restated') },
      },
      webhook: {
        title: 'A webhook',
        description:
          'POST requests to the url that was registered (`POST /v1/webhooks`), signed by Standard Webhooks. 2xx takes one; anything else has it sent again.',
        address: null,
        servers: [{ $ref: '#/servers/receiver' }],
        messages: { statusChange: ref('messages', 'deliveredStatusChange'), ping: ref('messages', 'ping') },
      },
    },
    operations: {
      streamStatusChanges: {
        action: 'send',
        title: 'Tell changes over a stream',
        summary: 'In the order of the record, none missing and none twice; those that a filter lets through',
        channel: { $ref: '#/channels/stream' },
        messages: [
          { $ref: '#/channels/stream/messages/statusChange' },
          { $ref: '#/channels/stream/messages/restated' },
        ],
        bindings: { http: { method: 'GET', query: streamQuery(), bindingVersion: '0.3.0' } },
      },
      deliverStatusChange: {
        action: 'send',
        title: 'Send a change to a webhook',
        summary: 'At least once; what is tried again comes after later ones: `sequence` tells the order',
        channel: { $ref: '#/channels/webhook' },
        messages: [{ $ref: '#/channels/webhook/messages/statusChange' }],
        bindings: { http: { method: 'POST', bindingVersion: '0.3.0' } },
      },
      pingWebhook: {
        action: 'send',
        title: 'Try a webhook',
        summary: 'When somebody asks for it (`POST /v1/webhooks/{id}/ping`)',
        channel: { $ref: '#/channels/webhook' },
        messages: [{ $ref: '#/channels/webhook/messages/ping' }],
        bindings: { http: { method: 'POST', bindingVersion: '0.3.0' } },
      },
    },
    components: {
      messages: {
        statusChange: message('statusChange', CHANGE_EVENT_TYPE, 'A status changed', {
          contentType: 'application/json',
        }),
        restated: message('restated', 'restated', 'What was told before may be told otherwise now', {
          contentType: 'application/json',
        }),
        deliveredStatusChange: message('deliveredStatusChange', CHANGE_EVENT_TYPE, 'A status changed', {
          headers: SIGNED,
        }),
        ping: message('ping', PING_EVENT_TYPE, 'Nothing happened: a delivery to try the receiver', { headers: SIGNED }),
      },
      schemas: schemasOf(Object.values(MESSAGES)),
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'A key, as `habeas keys create` gives it' },
        ticket: {
          type: 'httpApiKey',
          in: 'query',
          name: 'ticket',
          description: 'For browsers, whose EventSource sends no header: what POST /v1/stream-tickets gave',
        },
      },
    },
  };
}

/** What a webhook's requests are signed by (Standard Webhooks 1.0.0). */
const SIGNED: Schema = {
  type: 'object',
  required: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
  properties: {
    'webhook-id': { type: 'string', description: 'The id of the CloudEvent: the same at each try' },
    'webhook-timestamp': { type: 'string', pattern: '^\\d+$', description: 'When it was sent, in seconds since 1970' },
    'webhook-signature': {
      type: 'string',
      pattern: '^v1,[A-Za-z0-9+/]{43}=$',
      description: 'HMAC-SHA256 under the secret of the webhook over id, time and body, joined by dots',
    },
  },
};

function message(key: keyof typeof MESSAGES, name: string, title: string, more: object): object {
  return { name, title, ...more, payload: ref('schemas', MESSAGES[key]) };
}

function ref(kind: 'messages' | 'schemas' | 'securitySchemes', name: string): { readonly $ref: string } {
  return { $ref: `#/components/${kind}/${name}` };
}

/** What a stream is asked for. */
function streamQuery(): Schema {
  const { properties } = schemaOf('ChangeFilter') as { readonly properties: Readonly<Record<string, Schema>> };
  return {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...properties,
      after: { type: 'string', description: 'The id of a change, or a seq: changes behind it. Left out: from now on' },
      ticket: { type: 'string', description: 'In place of a key and of filters' },
    },
  };
}

/** These schemas, and those that they refer to. */
function schemasOf(names: readonly string[]): Readonly<Record<string, Schema>> {
  const found = new Map<string, Schema>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    const schema = schemaOf(name);
    found.set(name, schema);
    for (const [, inner = ''] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/(\w+)"/g)) visit(inner);
  };
  names.forEach(visit);
  return Object.fromEntries(found);
}

function schemaOf(name: string): Schema {
  const schema = answerSchemas[name];
  if (schema === undefined) throw new Error(`There is no schema ${name}.`);
  return schema;
}
