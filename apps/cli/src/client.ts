/** A client of the public REST interface, as anyone could write it: `fetch` and nothing else. */

/** What the server answered instead of what was asked: problem details as sent, or that nothing answered. */
export class RequestFailed extends Error {
  constructor(
    message: string,
    /** 0: the server was not reached. */
    readonly status: number,
    readonly code: string,
    readonly problem: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = 'RequestFailed';
  }
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Client {
  constructor(
    /** Such as `http://127.0.0.1:3000`. */
    readonly url: string,
    readonly key: string,
  ) {}

  /** @throws RequestFailed for every answer but a success, and where the server cannot be reached. */
  async request<Body>(path: string, options: RequestOptions = {}): Promise<Answer<Body>> {
    const { method = 'GET', body, headers = {} } = options;
    let response: Response;
    try {
      response = await fetch(new URL(path, this.url), {
        method,
        headers: {
          authorization: `Bearer ${this.key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw new RequestFailed(`No server answers at ${this.url}.`, 0, 'not-reached', { cause });
    }
    const text = await response.text();
    const parsed = (text === '' ? {} : JSON.parse(text)) as Body & Record<string, unknown>;
    if (response.ok) return { status: response.status, headers: response.headers, body: parsed };
    throw refusedWith(response.status, parsed);
  }

  /**
   * Sends JSON Lines, and gives each line of the answer as it arrives.
   *
   * @throws RequestFailed as above; also in the middle, where the connection is lost
   */
  async *lines<Line>(path: string, body: string): AsyncGenerator<Line, void, undefined> {
    const headers = { authorization: `Bearer ${this.key}`, 'content-type': 'application/jsonl' };
    let rest = '';
    const decoder = new TextDecoder();
    for await (const piece of this.pieces(path, { method: 'POST', headers, body })) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as Line;
    }
  }

  /**
   * What is answered, in pieces as they arrive.
   *
   * @throws RequestFailed as above
   */
  download(path: string): AsyncGenerator<Uint8Array, void, undefined> {
    return this.pieces(path, { headers: { authorization: `Bearer ${this.key}` } });
  }

  private async *pieces(path: string, request: RequestInit): AsyncGenerator<Uint8Array, void, undefined> {
    const lost = (cause: unknown): RequestFailed =>
      new RequestFailed(`The server at ${this.url} cannot be reached.`, 0, 'not-reached', { cause });
    const response = await fetch(new URL(path, this.url), request).catch((cause: unknown) => {
      throw lost(cause);
    });
    if (!response.ok) {
      throw refusedWith(response.status, (await response.json().catch(() => ({}))) as Record<string, unknown>);
    }
    if (response.body === null) return;
    const pieces = response.body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>;
    for (;;) {
      const { done, value } = await pieces.next().catch((cause: unknown) => {
        throw lost(cause);
      });
      if (done === true) return;
      yield value;
    }
  }
}

/** What a problem that was answered says. */
export function refusedWith(status: number, problem: Readonly<Record<string, unknown>>): RequestFailed {
  const code = typeof problem.code === 'string' ? problem.code : String(status);
  const detail = typeof problem.detail === 'string' ? problem.detail : 'The server refused the request.';
  return new RequestFailed(detail, status, code, problem);
}
