/**
 * What a data folder knows of itself as one of several nodes: which node it is, and how far it has forgotten what was erased. Without the
 * file it is taken for another one that has forgotten nothing, so that its views are folded anew.
 */
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isId, type Randomness, randomId } from '#kernel';
import { syncFolder, writeDurably } from '../backup/files.js';

const NAME = 'node.json';
const DRAFT = `${NAME}.new`;

interface Stored {
  readonly id: string;
  /** By the id of an erasure: up to which revision of its stream. */
  readonly forgotten: Readonly<Record<string, number>>;
}

export class NodeFile {
  #stored: Stored;

  /** Opens the one of a folder whose owner this process is; makes it where there is none that can be read. */
  static open(folder: string, randomness: Randomness): NodeFile {
    const found = read(join(folder, NAME));
    // A kill may have left a draft.
    rmSync(join(folder, DRAFT), { force: true });
    const file = new NodeFile(folder, found ?? { id: randomId(randomness), forgotten: {} }, found === undefined);
    if (found === undefined) file.#write(file.#stored);
    return file;
  }

  private constructor(
    private readonly folder: string,
    stored: Stored,
    /** It was made by this start. */
    readonly isNew: boolean,
  ) {
    this.#stored = stored;
  }

  get id(): string {
    return this.#stored.id;
  }

  /** Whether nothing in this folder is of before an event of an erasure's stream that condemned keys. */
  hasForgotten({ erasure, at }: { readonly erasure: string; readonly at: number }): boolean {
    return (this.#stored.forgotten[erasure] ?? -1) >= at;
  }

  /** Notes it for good. */
  forgot(condemned: readonly { readonly erasure: string; readonly at: number }[]): void {
    const forgotten = { ...this.#stored.forgotten };
    for (const { erasure, at } of condemned) forgotten[erasure] = Math.max(at, forgotten[erasure] ?? -1);
    this.#write({ ...this.#stored, forgotten });
  }

  #write(stored: Stored): void {
    const draft = join(this.folder, DRAFT);
    rmSync(draft, { force: true });
    writeDurably(draft, `${JSON.stringify(stored)}\n`);
    renameSync(draft, join(this.folder, NAME));
    syncFolder(this.folder);
    this.#stored = stored;
  }
}

function read(path: string): Stored | undefined {
  try {
    const { id, forgotten } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Stored>;
    return isId(id) && typeof forgotten === 'object' ? { id, forgotten } : undefined;
  } catch {
    return undefined;
  }
}
