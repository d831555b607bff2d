/** Whether anybody has committed to a view file: what was read from it holds for as long as nobody has. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

export class FileVersion {
  private readonly statement: StatementSync;
  private asked: number | undefined;

  constructor(db: DatabaseSync) {
    this.statement = db.prepare('PRAGMA data_version');
    this.statement.setReturnArrays(true);
  }

  /** Of the snapshot that is being read from, or else of the file as it is now. Another number after each commit of others. */
  present(): number {
    return (this.statement.get() as unknown as [number])[0];
  }

  /**
   * The same, asked for once in a turn of the event loop: SQLite locks the file to know it, which costs as much as all that is
   * read for a short answer. Requests of one turn came in before any of them was answered, so none of them can tell.
   */
  ofThisTurn(): number {
    if (this.asked === undefined) {
      this.asked = this.present();
      setImmediate(() => {
        this.forget();
      });
    }
    return this.asked;
  }

  /** To be called where something may have been seen that is newer than the last number. */
  forget(): void {
    this.asked = undefined;
  }
}
