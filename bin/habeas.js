#!/usr/bin/env node
// The command line: runs the built program on Node 26, whatever Node this machine has. Builds nothing.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runNode } from './node.js';

const main = fileURLToPath(new URL('../dist/apps/cli/src/main.js', import.meta.url));
if (existsSync(main)) {
  runNode(['--enable-source-maps', '--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)]);
} else {
  console.error(
    'Habeas is not built yet. Run "npm run build" first ("npm start" and "npm run demo" do it themselves).',
  );
  process.exit(1);
}
