/**
 * Serves `/openapi.json` and `/docs`, the page to browse it, and `/asyncapi.json`. The page loads nothing from elsewhere: it works
 * without a network. What makes a document is loaded, and the document made, when somebody first asks: few starts are asked.
 */
import { readFile } from 'node:fs/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

const SWAGGER_UI = import.meta.resolve('swagger-ui-dist/package.json');

/** What the page consists of, by the names of the files there, and their kinds. */
const FILES = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'swagger-ui-standalone-preset.js': 'text/javascript; charset=utf-8',
  'favicon-16x16.png': 'image/png',
  'favicon-32x32.png': 'image/png',
} as const;

const PAGE = `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Habeas</title>
  <link rel="stylesheet" href="./docs/swagger-ui.css">
  <link rel="icon" type="image/png" sizes="32x32" href="./docs/favicon-32x32.png">
  <link rel="icon" type="image/png" sizes="16x16" href="./docs/favicon-16x16.png">
  <style>body { margin: 0 } .swagger-ui .topbar .download-url-wrapper { display: none }</style>
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="./docs/swagger-ui-bundle.js"></script>
  <script src="./docs/swagger-ui-standalone-preset.js"></script>
  <script src="./docs/swagger-ui-init.js"></script>
</body>
</html>
`;

/** Its own files and the document; styles that its scripts set, and the pictures in its style sheet. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const INIT = `SwaggerUIBundle({
  url: './openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: 'StandaloneLayout',
  // Else the page asks a server on the internet whether the document is valid.
  validatorUrl: null,
  persistAuthorization: false,
  docExpansion: 'none',
  tagsSorter: 'alpha',
});
`;

/** To be called before the application is initialised, as Fastify takes routes until then. */
export function serveOpenApi(app: NestFastifyApplication, server: FastifyInstance): void {
  let document: Promise<string> | undefined;
  server.get('/openapi.json', async (_request, reply) => {
    document ??= import('./openapi-document.js').then(({ buildDocument }) => JSON.stringify(buildDocument(app)));
    return reply.type('application/json; charset=utf-8').send(await document);
  });
  let asyncDocument: Promise<string> | undefined;
  server.get('/asyncapi.json', async (_request, reply) => {
    asyncDocument ??= import('./asyncapi-document.js').then(({ buildAsyncApi }) => JSON.stringify(buildAsyncApi()));
    return reply.type('application/json; charset=utf-8').send(await asyncDocument);
  });
  server.get('/docs', (_request, reply) =>
    reply.type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY).send(PAGE),
  );
  server.get('/docs/', (_request, reply) => reply.redirect('../docs'));
  server.get('/docs/swagger-ui-init.js', (_request, reply) => reply.type('text/javascript; charset=utf-8').send(INIT));
  for (const [name, kind] of Object.entries(FILES)) {
    server.get(`/docs/${name}`, async (_request, reply) => {
      return reply.type(kind).send(await readFile(new URL(name, SWAGGER_UI)));
    });
  }
}
