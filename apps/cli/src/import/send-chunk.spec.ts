import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from '../client.js';
import type { CommandLine } from './read-commands.js';
import { type LineAnswer, sendChunk } from './send-chunk.js';

const lines: readonly CommandLine[] = ['a', 'b', 'c'].map((key, index) => ({
  number: index + 1,
  key,
  text: JSON.stringify({ key }),
}));

type Handler = (response: ServerResponse, answers: readonly object[]) => void;

/** A server that handles one try after another like this. */
async function against(...tries: readonly Handler[]): Promise<{ heard: readonly LineAnswer[]; error?: unknown }> {
  let tried = 0;
  const server = createServer((request: IncomingMessage, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const answers = body
        .trim()
        .split('\n')
        .map((text, index) => ({ line: index + 1, status: 201, ...(JSON.parse(text) as object) }));
      tries[tried++]?.(response, answers);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new Client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'key');
  const heard: LineAnswer[] = [];
  try {
    await sendChunk(client, lines, (_, answer) => heard.push(answer));
    return { heard };
  } catch (error) {
    return { heard, error };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const asText = (answers: readonly object[]): string => answers.map((answer) => `${JSON.stringify(answer)}\n`).join('');
const all: Handler = (response, answers) => response.end(asText(answers));
const cutOff: Handler = (response, answers) => {
  response.write(asText(answers.slice(0, 1)), () => setTimeout(() => response.destroy(), 20));
};
const shuttingDown: Handler = (response, answers) =>
  response.end(asText([...answers.slice(0, 2), { line: 3, status: 503, code: 'shutting-down' }]));
const full: Handler = (response) =>
  response.end(asText([{ line: 1, status: 507, code: 'disk-full', detail: 'Full.' }]));
const unknown: Handler = (response) => {
  response.statusCode = 401;
  response.end(JSON.stringify({ code: 'unauthenticated', detail: 'No.' }));
};

test.each<[string, Handler[]]>([
  ['answered at once', [all]],
  ['cut off in the middle', [cutOff, all]],
  ['stopped by a server that shuts down', [shuttingDown, all]],
  ['answered in part, as if that were all', [(response, answers) => response.end(asText(answers.slice(0, 2))), all]],
])('%s: each line is heard of once, in order', async (_, tries) => {
  const { heard, error } = await against(...tries);
  expect(error).toBeUndefined();
  expect(heard).toMatchObject([{ key: 'a' }, { key: 'b' }, { key: 'c' }]);
});

test('a server that refuses the key, or has no space left, ends it', async () => {
  expect(await against(unknown)).toMatchObject({ heard: [], error: { status: 401 } });
  expect(await against(full)).toMatchObject({ heard: [], error: { status: 507 } });
});
