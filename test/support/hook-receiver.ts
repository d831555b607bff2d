/** Somebody to whom webhooks deliver: keeps what came, once the package that receivers use has verified it. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook as StandardWebhook } from 'standardwebhooks';

export interface Delivery {
  readonly id: string;
  /** The body, as JSON. */
  readonly event: Readonly<Record<string, unknown>> & { readonly data?: Readonly<Record<string, unknown>> };
  readonly headers: IncomingMessage['headers'];
}

export class HookReceiver {
  readonly received: Delivery[] = [];
  /** Of deliveries that did not verify. */
  readonly faults: string[] = [];
  /** Deliveries with which it answers otherwise. */
  answer: (delivery: Delivery) => number | 'hang' = () => 204;
  /** As the webhook told it. */
  secret = '';
  url = '';
  readonly #server = createServer((request, response) => {
    void this.#take(request).then((answer) => {
      if (answer !== 'hang') response.writeHead(answer).end();
    });
  });

  static async start(): Promise<HookReceiver> {
    const receiver = new HookReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    receiver.url = `http://127.0.0.1:${(receiver.#server.address() as AddressInfo).port}/hooks/secret-path`;
    return receiver;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** In the order in which they came. */
  get ids(): readonly string[] {
    return this.received.map(({ id }) => id);
  }

  async #take(request: IncomingMessage): Promise<number | 'hang'> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    try {
      const headers = request.headers as Record<string, string>;
      const event = new StandardWebhook(this.secret).verify(body, headers) as Delivery['event'];
      const delivery = { id: headers['webhook-id'] ?? '', event, headers };
      this.received.push(delivery);
      return this.answer(delivery);
    } catch (error) {
      this.faults.push((error as Error).message);
      return 400;
    }
  }
}
