// The table of rooms in ARCHITECTURE.md as rules: imports point one way, adapters know only the port, apps alone use Nest.
// test/architecture shows for each rule that an illegal import is caught.

/** What each room may import of ours, besides itself. */
export const ROOMS = {
  kernel: [],
  domain: ['kernel'],
  'event-store': ['kernel'],
  'event-store-sqlite': ['kernel', 'event-store'],
  'event-store-eventstoredb': ['kernel', 'event-store'],
  'log-format': ['kernel', 'domain', 'event-store'],
  'command-handling': ['kernel', 'domain', 'event-store', 'log-format'],
  projections: ['kernel', 'domain', 'event-store', 'log-format'],
  feed: ['kernel', 'domain', 'event-store', 'log-format', 'projections'],
  audit: ['kernel', 'domain', 'event-store', 'log-format', 'projections'],
  access: ['kernel', 'domain', 'event-store', 'log-format', 'command-handling', 'projections'],
};

const ADAPTERS = ['event-store-sqlite', 'event-store-eventstoredb'];

// Specs may use the real adapters and the rooms above: nothing is mocked.
const SPEC = '(\\.spec|/test-support/[^/]+)\\.ts$';

const roomRules = Object.entries(ROOMS).map(([room, allowed]) => ({
  name: `room-${room}`,
  comment: `libs/${room} imports only ${['itself', ...allowed].join(', ')}.`,
  severity: 'error',
  from: { path: `^libs/${room}/`, pathNot: SPEC },
  to: { path: '^(libs|apps|test)/', pathNot: `^libs/(${[room, ...allowed].join('|')})/` },
}));

export default {
  forbidden: [
    ...roomRules,
    {
      name: 'rooms-through-their-door',
      comment: 'A room is imported by its name (#room), never by a path into its files.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/(index|contract|schemas)\\.ts$'] },
    },
    {
      name: 'apps-through-the-door',
      comment: 'An app imports a room by its name (#room), never by a path into its files.',
      severity: 'error',
      from: { path: '^(apps|test)/' },
      to: { path: '^libs/', pathNot: '^libs/[^/]+/src/(index|contract|schemas)\\.ts$' },
    },
    {
      name: 'adapters-are-picked-in-one-place',
      comment: 'Only the composition root in apps/api picks an adapter.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: [`^apps/api/`, ...ADAPTERS.map((room) => `^libs/${room}/`), SPEC] },
      to: { path: `^libs/(${ADAPTERS.join('|')})/` },
    },
    {
      name: 'nest-in-apps-only',
      comment: 'Only apps use Nest and Fastify.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: 'node_modules/(@nestjs|@fastify|fastify)/' },
    },
    {
      name: 'domain-without-io',
      comment: 'The domain and the kernel do no I/O: of Node they use hashing alone.',
      severity: 'error',
      from: { path: '^libs/(kernel|domain)/', pathNot: SPEC },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'one-importer-of-the-eventstoredb-client',
      comment: 'Only its adapter (and the simulator in test/) imports @eventstore/db-client.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: '^libs/event-store-eventstoredb/' },
      to: { path: '@eventstore/db-client' },
    },
    {
      name: 'one-importer-of-the-postgres-driver',
      comment:
        'Only the key store of several nodes imports pg, and only where it is used: it is loaded with the first one.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: ['^libs/access/src/postgres/database\\.ts$', SPEC] },
      to: { path: '/node_modules/pg/|^node_modules/pg/|^pg$' },
    },
    {
      name: 'production-without-test-tools',
      comment: 'What runs in production imports only what npm ci --omit=dev installs.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: [SPEC, '/contract\\.ts$'] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'swagger-when-asked',
      comment:
        'Swagger is loaded with the document; whatever describes itself imports ./swagger.js, or a start loads it.',
      severity: 'error',
      from: { path: '^apps/', pathNot: '^apps/api/src/http/(openapi-document|swagger)\\.ts$' },
      to: { path: 'node_modules/@nestjs/swagger/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      comment: 'No file imports itself by way of others.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'Every import is found.',
      severity: 'error',
      from: { path: '^(libs|apps|test)/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    // "#room" leads to the built file; under this condition it leads to the source, so that rules speak of sources.
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
      mainFields: ['module', 'main'],
    },
  },
};
