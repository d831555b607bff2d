/** The server's process: `npm start`. */
import { serve } from './serve.js';
import { StartError } from './start-error.js';

try {
  await serve(process.env);
  process.exit(0);
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  console.error(error.message);
  process.exit(1);
}
