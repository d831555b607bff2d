/**
 * Why the server cannot start, in one sentence for whoever started it. Shown without a stack: nothing in the program is
 * at fault.
 */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartError';
  }
}
