/** What is asked for while one call is under way goes into the next, so that many who wait share one way there and back. */

interface Asked<Question, Answer> {
  readonly question: Question;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

export class Batch<Question, Answer> {
  #waiting: Asked<Question, Answer>[] = [];
  #running: Promise<void> | undefined;

  /** @param call one answer for each question, in their order */
  constructor(
    private readonly call: (questions: readonly Question[]) => Promise<readonly Answer[]>,
    private readonly most: number,
  ) {}

  ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nobody waits any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Asked for in one turn, called for at once.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.most);
      try {
        const answers = await this.call(batch.map(({ question }) => question));
        batch.forEach((asked, index) => {
          asked.resolve(answers[index] as Answer);
        });
      } catch (error) {
        for (const asked of batch) asked.reject(error);
      }
    }
    this.#running = undefined;
  }
}
