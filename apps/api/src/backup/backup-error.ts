/** Why a backup could not be made or restored: a sentence for whoever asked for it. Names files and events, nothing that they hold. */
export class BackupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackupError';
  }
}
