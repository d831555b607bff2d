/** The OpenAPI 3.1 document, from the routes and payload classes themselves, and the page to browse it. */
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { jsonSchemas } from '#domain';
import { answerSchemas } from './schemas.js';

const DESCRIPTION = `A record of what happens to people and groups in political and legal cases, kept as events.

Facts go in as POST requests, each with the words of a source that prove it; what comes out is each person's legal status
and each group's registration state, as it is, as it was on any date (\`validAt\`), and as it was known at any moment
(\`knownAt\`). Errors are problem details (RFC 9457) with a stable \`code\`.`;

function build(app: NestFastifyApplication): OpenAPIObject {
  const head = new DocumentBuilder()
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
  return SwaggerModule.createDocument(app, { ...head, components: { ...head.components, schemas } });
}

/** Serves `/openapi.json` and `/docs`. The page loads nothing from elsewhere: it works without a network. */
export function serveOpenApi(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, build(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Habeas',
    swaggerOptions: {
      // Else the page asks a server on the internet whether the document is valid.
      validatorUrl: null,
      persistAuthorization: false,
      docExpansion: 'none',
      tagsSorter: 'alpha',
    },
  });
}
