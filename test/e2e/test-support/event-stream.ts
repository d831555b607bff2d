/** A subscriber over a plain connection: sees every byte, and takes nothing where it is told not to. */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { StatusChangeEvent } from '#feed';
import { ADMIN_KEY } from './server.js';

export interface Block {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly retry?: number;
  readonly comment?: true;
}

export class EventStream {
  readonly blocks: Block[] = [];
  ended = false;
  private text = '';

  private constructor(
    private readonly outgoing: ClientRequest,
    readonly response: IncomingMessage,
  ) {
    response.setEncoding('utf8');
    response.on('data', (piece: string) => {
      this.text += piece;
      for (let end = this.text.indexOf('\n\n'); end >= 0; end = this.text.indexOf('\n\n')) {
        this.blocks.push(blockOf(this.text.slice(0, end)));
        this.text = this.text.slice(end + 2);
      }
    });
    response.on('close', () => (this.ended = true)).on('error', () => (this.ended = true));
    outgoing.on('error', () => (this.ended = true));
  }

  /** @param headers `authorization` of the admin key, unless said */
  static async open(url: string, headers: Readonly<Record<string, string>> = bearer()): Promise<EventStream> {
    const outgoing = request(url, { headers, agent: false });
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    return new EventStream(outgoing, response);
  }

  get changes(): readonly StatusChangeEvent[] {
    return this.blocks.flatMap(({ event, data }) =>
      event === undefined && data !== undefined ? [JSON.parse(data) as StatusChangeEvent] : [],
    );
  }

  get ids(): readonly string[] {
    return this.changes.map(({ id }) => id);
  }

  close(): void {
    this.outgoing.destroy();
  }
}

export function bearer(key = ADMIN_KEY): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${key}` };
}

function blockOf(text: string): Block {
  const lines = text.split('\n').map((line) => /^([a-z]*):? ?(.*)$/.exec(line) ?? []);
  const fields = Object.fromEntries(
    lines.map(([, field = '', value = '']) => [field === '' ? 'comment' : field, value]),
  );
  return {
    ...fields,
    ...(fields.retry !== undefined && { retry: Number(fields.retry) }),
    ...(fields.comment !== undefined && { comment: true as const }),
  };
}
