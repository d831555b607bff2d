import { firstCaseSuite } from './test-support/first-case-suite.js';
import { startServer } from './test-support/server.js';

firstCaseSuite(() => startServer());
