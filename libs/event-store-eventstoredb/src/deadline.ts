/** Waiting that ends: the client's own deadlines do not hold while a server is silent. */

export class DeadlineError extends Error {
  constructor() {
    super('No answer came in time.');
    this.name = 'DeadlineError';
  }
}

/**
 * What a promise comes to, unless that takes longer than so many milliseconds.
 *
 * @throws DeadlineError what the promise comes to later is of no interest any more
 */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError()), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => undefined);
  }
}
