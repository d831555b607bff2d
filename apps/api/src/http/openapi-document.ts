/** The OpenAPI 3.1 document, from the routes and payload classes themselves. Loaded when it is first asked for. */
import * as swagger from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { jsonSchemas } from '#domain/schemas';
import { answerSchemas } from './schemas/index.js';
import { describeWith } from './swagger.js';

const DESCRIPTION = `A record of what happens to people and groups in political and legal cases, kept as events.

Facts go in as POST requests, each with the words of a source that prove it; what comes out is each person's legal status
and each group's registration state, as it is, as it was on any date (\`validAt\`), and as it was known at any moment
(\`knownAt\`). Errors are problem details (RFC 9457) with a stable \`code\`.`;

export function buildDocument(app: NestFastifyApplication): OpenAPIObject {
  describeWith(swagger);
  const head = new swagger.DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Habeas')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'This server')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A key, as `habeas keys create` gives it' })
    .build();
  const taken = jsonSchemas();
  const twice = Object.keys(answerSchemas).find((name) => name in taken);
  if (twice !== undefined) throw new Error(`A payload class and an answer are both named ${twice}.`);
  const schemas = { ...taken, ...answerSchemas } as NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
  return share(swagger.SwaggerModule.createDocument(app, { ...head, components: { ...head.components, schemas } }));
}

type Operation = Pick<NonNullable<OpenAPIObject['paths'][string]['get']>, 'parameters' | 'responses'>;

/**
 * The same document with what many operations have in common (headers of requests, answers) in one place each: there are
 * some 140 operations, and most of each would be what all have.
 */
function share(document: OpenAPIObject): OpenAPIObject {
  const shared = { parameters: new Map<string, unknown>(), responses: new Map<string, unknown>() };
  const refer = <T extends object>(kind: keyof typeof shared, name: string, value: T): T | { $ref: string } => {
    const known = shared[kind].get(name);
    if (known === undefined) shared[kind].set(name, value);
    else if (JSON.stringify(known) !== JSON.stringify(value)) return value;
    return { $ref: `#/components/${kind}/${name}` };
  };
  for (const item of Object.values(document.paths)) {
    for (const operation of Object.values(item) as Operation[]) {
      operation.parameters = (operation.parameters ?? []).map((parameter) =>
        'name' in parameter ? refer('parameters', parameter.name, parameter) : parameter,
      );
      operation.responses = Object.fromEntries(
        Object.entries(operation.responses).map(([status, response]) => {
          const text = JSON.stringify(response);
          const name = text.includes('application/problem+json')
            ? `Problem${status}`
            : status === '201'
              ? /schemas\/(\w+)"/.exec(text)?.[1]
              : undefined;
          return [status, name === undefined || response === undefined ? response : refer('responses', name, response)];
        }),
      );
    }
  }
  return {
    ...document,
    components: {
      ...document.components,
      parameters: Object.fromEntries(shared.parameters) as NonNullable<typeof document.components>['parameters'] &
        object,
      responses: Object.fromEntries(shared.responses) as NonNullable<typeof document.components>['responses'] & object,
    },
  };
}
