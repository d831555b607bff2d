/** docker/Dockerfile as a program: its lines, what of the repository they may see, and a run of them by hand, without an engine. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Copy, DockerfileParser, type Instruction } from 'dockerfile-ast';

const ROOT = process.cwd();
export const DOCKERFILE = readFileSync(join(ROOT, 'docker/Dockerfile'), 'utf8');

export interface Stage {
  readonly name: string;
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

export function stages(text = DOCKERFILE): readonly Stage[] {
  const found: { name: string; base: string; instructions: Instruction[] }[] = [];
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const [base = '', , name = 'final'] = instruction.getArguments().map((argument) => argument.getValue());
    if (instruction.getKeyword() === 'FROM') found.push({ name, base, instructions: [] });
    else found.at(-1)?.instructions.push(instruction);
  }
  return found;
}

export const stage = (name: string): Stage => stages().find((one) => one.name === name)!;

/** The value of the last such line of a stage, without its keyword. */
export function lastOf(of: Stage, keyword: string): string {
  const line = of.instructions.findLast((instruction) => instruction.getKeyword() === keyword);
  return line?.getTextContent().slice(keyword.length).replaceAll('\\\n', ' ').trim() ?? '';
}

/** The arguments of a line in its exec form: `CMD ["node", "x"]`. */
export const execForm = (text: string): string[] => JSON.parse(text.slice(text.indexOf('['))) as string[];

/** What a COPY takes from where to where; `from` is empty for the repository. */
export function copied(copy: Copy): { from: string; sources: string[]; target: string } {
  const names = copy.getArguments().map((argument) => argument.getValue());
  return { from: copy.getFromFlag()?.getValue() ?? '', sources: names.slice(0, -1), target: names.at(-1)! };
}

/** Whether .dockerignore keeps a path of the repository from the engine: the last pattern that fits it, or a folder above it, says. */
export function isIgnored(path: string): boolean {
  const lines = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
  const parts = path.split('/');
  const above = parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
  let ignored = false;
  for (const line of lines.filter((text) => text !== '' && !text.startsWith('#'))) {
    // Unlike a shell's, its stars take names that begin with a dot.
    const pattern = line
      .replace(/^!/, '')
      .replaceAll('.', '\\.')
      .replaceAll(/(\*\*\/)|\*/g, (_all, deep) => (deep === undefined ? '[^/]*' : '(?:.*/)?'));
    if (above.some((each) => new RegExp(`^${pattern}$`).test(each))) ignored = !line.startsWith('!');
  }
  return ignored;
}

function copyIn(copy: Copy, folder: string, from: (stage: string) => string): void {
  const { from: origin, sources, target } = copied(copy);
  for (const source of sources) {
    const path = origin === '' ? join(ROOT, source) : join(from(origin), source.replace(/^\/habeas\//, ''));
    // A folder's content is copied; a file keeps its name in a target that is a folder.
    const to = join(folder, target, statSync(path).isFile() && target.endsWith('/') ? basename(source) : '');
    mkdirSync(dirname(to), { recursive: true });
    const seen = (file: string): boolean => origin !== '' || !isIgnored(file.slice(ROOT.length + 1));
    cpSync(path, to, { recursive: true, filter: seen });
  }
}

/** What `npm ci --omit=optional` would give, out of what is installed here: as links, since it is much. */
function linkPackages(target: string): void {
  for (const entry of readdirSync(join(ROOT, 'node_modules'), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const within = path.slice(join(ROOT, 'node_modules/').length);
    if (/^(node-(linux|win|bin)-|\.cache)/.test(within)) continue;
    if (entry.isDirectory()) mkdirSync(join(target, within), { recursive: true });
    // npm writes into this one.
    else if (within === '.package-lock.json' || entry.isSymbolicLink()) {
      cpSync(path, join(target, within), { verbatimSymlinks: true });
    } else linkOrCopy(path, join(target, within));
  }
}

function linkOrCopy(path: string, target: string): void {
  try {
    linkSync(path, target);
  } catch {
    // On another file system.
    copyFileSync(path, target);
  }
}

/**
 * Does by hand what the lines of `build` and of the last stage do, in folders of their own. `npm ci` is taken as done: its outcome is
 * what these tests themselves run on. Gives the folder that the image has at /habeas.
 */
export function buildByHand(): string {
  const parent = mkdtempSync(join(tmpdir(), 'habeas-image-'));
  const folders = { build: join(parent, 'build'), final: join(parent, 'final') };
  // Node as it runs here comes first: the image's own stands there.
  const env = {
    ...process.env,
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
    npm_config_offline: 'true',
  };
  for (const name of ['build', 'final'] as const) {
    mkdirSync(folders[name]);
    for (const instruction of stage(name).instructions) {
      const command = instruction.getRawArgumentsContent() ?? '';
      if (instruction instanceof Copy) {
        if (copied(instruction).from !== 'slim') copyIn(instruction, folders[name], () => folders.build);
      } else if (instruction.getKeyword() === 'RUN' && command.startsWith('npm ci ')) {
        linkPackages(join(folders[name], 'node_modules'));
      } else if (instruction.getKeyword() === 'RUN') {
        execFileSync('sh', ['-euc', command], { cwd: folders[name], env, stdio: 'pipe' });
      }
    }
  }
  return folders.final;
}
