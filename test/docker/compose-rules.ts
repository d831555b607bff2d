/** What the compose files of docker/ promise, as rules over what an engine would read. No engine is needed to hold them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { EVENTSTOREDB_SETTINGS } from './eventstoredb-settings.js';

export const DOCKER = join(process.cwd(), 'docker');

type Mapping = Record<string, unknown>;

export interface Service {
  image?: string;
  build?: unknown;
  user?: string;
  restart?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  network_mode?: string;
  ports?: string[];
  environment?: Record<string, string | number>;
  secrets?: string[];
  networks?: string[];
  volumes?: string[];
  depends_on?: string[] | Record<string, { condition: string }>;
  healthcheck?: Mapping;
  entrypoint?: string[];
  command?: string[];
}

export interface Compose {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean } | null>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
}

const mapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As the Compose Specification has it: mappings are merged, lists put together, anything else replaced. */
function merge(base: unknown, over: unknown): unknown {
  if (Array.isArray(base) && Array.isArray(over)) return [...new Set<unknown>([...base, ...over])];
  if (!mapping(base) || !mapping(over)) return over;
  const merged: Mapping = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = key in base ? merge(base[key], value) : value;
  return merged;
}

/** A file as an engine reads it: anchors and `extends` resolved, lists that are not there empty. */
export function readCompose(name: string, folder = DOCKER): Compose {
  const file = parse(readFileSync(join(folder, name), 'utf8'), { merge: true }) as Compose;
  const services = Object.entries(file.services).map(([key, service]) => {
    const { extends: base, ...own } = service as Service & { extends?: { file: string; service: string } };
    return [key, base === undefined ? own : merge(readCompose(base.file, folder).services[base.service], own)];
  });
  const { networks = {}, volumes = {}, secrets = {} } = file as Partial<Compose>;
  return { networks, volumes, secrets, services: Object.fromEntries(services) as Record<string, Service> };
}

/** Services that do one thing and end. */
const isTask = ({ restart = '' }: Service): boolean => restart.startsWith('on-failure');

/** Ours are built here; what their Dockerfile says of user and health holds for them. */
const isOurs = ({ image = '' }: Service): boolean => image.startsWith('habeas:');

const dependencies = ({ depends_on = [] }: Service): [string, string][] =>
  Array.isArray(depends_on)
    ? depends_on.map((name) => [name, 'service_started'])
    : Object.entries(depends_on).map(([name, { condition }]) => [name, condition]);

const namedVolumes = ({ volumes = [] }: Service): string[] =>
  volumes.map((volume) => volume.split(':')[0]!).filter((source) => !/^[./]/.test(source));

/** The variables that a Habeas reads, from the two files that read them. */
function habeasSettings(): ReadonlySet<string> {
  const names = ['settings.ts', 'watching/settings.ts'].flatMap((file) => {
    const text = readFileSync(join(process.cwd(), 'apps/api/src', file), 'utf8');
    return [...text.matchAll(/(given|oneOf|secret)\(\s*environment,\s*'(HABEAS_\w+)'/g)].flatMap(
      ([, how, name = '']) => (how === 'secret' ? [name, `${name}_FILE`] : [name]),
    );
  });
  return new Set(names);
}

function isKnown(name: string): boolean {
  if (name.startsWith('HABEAS_')) return habeasSettings().has(name);
  if (name.startsWith('EVENTSTORE_')) return EVENTSTOREDB_SETTINGS.has(name.slice('EVENTSTORE_'.length));
  return true;
}

/** Each says for which services of a file it is broken. */
type Rule = (compose: Compose) => readonly string[];

const services =
  (broken: (service: Service, compose: Compose) => boolean): Rule =>
  (compose) =>
    Object.entries(compose.services).flatMap(([name, service]) => (broken(service, compose) ? [name] : []));

const version = (JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8')) as { version: string }).version;

export const RULES = {
  'images are of one version': services(({ image = '' }) => !/:\d+\.\d+(\.\d+)?(-[a-z-]+)?$/.test(image)),
  'our image is of the version of the package': services((service) =>
    isOurs(service) ? service.image !== `habeas:${version}` : service.build !== undefined,
  ),
  'what goes on serving says how it is': services(
    (service) => !isTask(service) && !isOurs(service) && service.healthcheck === undefined,
  ),
  'nobody is root, unless it has no network': services((service) =>
    /^(root|0)\b/.test(service.user ?? (isOurs(service) ? 'node' : 'root')) ? service.network_mode !== 'none' : false,
  ),
  'no capabilities, no new ones': services(
    ({ cap_drop = [], security_opt = [] }) =>
      !cap_drop.includes('ALL') || !security_opt.includes('no-new-privileges:true'),
  ),
  // But for EventStoreDB's: its maker does not say that it runs so, and it cannot be tried here.
  'the root file system is read-only': services(
    ({ read_only, image = '' }) => read_only !== true && !image.startsWith('eventstore/eventstore:'),
  ),
  'ports are open on this machine only': services(({ ports = [] }) =>
    ports.some((port) => !port.startsWith('127.0.0.1:')),
  ),
  'no secret stands in the file': services(
    (service) =>
      Object.keys(service.environment ?? {}).some(
        (name) => /PASSWORD|KEY|SECRET|TOKEN/.test(name) && !name.endsWith('_FILE'),
      ) || /:\/\/[^/"]*:[^/"]*@/.test(JSON.stringify(service)),
  ),
  'settings are known': services(({ environment = {} }) => Object.keys(environment).some((name) => !isKnown(name))),
  'without TLS only where nobody else is': services(
    ({ environment = {}, networks = ['default'], ports = [] }, compose) =>
      environment.EVENTSTORE_INSECURE === 'true' &&
      (ports.length > 0 || networks.some((name) => compose.networks[name]?.internal !== true)),
  ),
  'secrets that are read are given': services((service) =>
    [...JSON.stringify(service).matchAll(/\/run\/secrets\/([\w-]+)/g)].some(
      ([, name = '']) => !(service.secrets ?? []).includes(name),
    ),
  ),
  'who waits, waits for what happens': services((service, compose) =>
    dependencies(service).some(([name, condition]) => {
      const other = compose.services[name];
      if (other === undefined) return true;
      if (condition === 'service_completed_successfully') return !isTask(other);
      return condition === 'service_healthy' && !isOurs(other) && other.healthcheck === undefined;
    }),
  ),
  'files that are mounted are there': services(({ volumes = [] }) =>
    volumes.some((volume) => volume.startsWith('./') && !volume.startsWith('./backups:') && !fileIsThere(volume)),
  ),
  'everything named is defined, everything defined is used': (compose) => {
    const all = Object.values(compose.services);
    const unlike = (named: readonly string[], defined: object): string[] => {
      const all = new Set([...named, ...Object.keys(defined)]);
      return [...all].filter((name) => !named.includes(name) || !(name in defined));
    };
    return [
      ...unlike(all.flatMap(namedVolumes), compose.volumes),
      ...unlike(
        all.flatMap(({ secrets = [] }) => secrets),
        compose.secrets,
      ),
      ...unlike(
        all.flatMap(({ networks = [] }) => networks).filter((name) => name !== 'default'),
        compose.networks,
      ),
    ];
  },
} satisfies Record<string, Rule>;

function fileIsThere(volume: string): boolean {
  try {
    readFileSync(join(DOCKER, volume.split(':')[0]!));
    return true;
  } catch {
    return false;
  }
}

/** Every broken rule, as `rule: service`. */
export function violations(compose: Compose): readonly string[] {
  return Object.entries(RULES).flatMap(([name, rule]) => rule(compose).map((where) => `${name}: ${where}`));
}
