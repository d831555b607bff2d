/**
 * JSON Schemas of what the server answers. What it takes is described by the payload classes themselves; answers have no
 * classes, as nothing validates them on the way out. An end-to-end test holds every answer of the first case to these,
 * with no field that they do not name.
 */
import { auditSchemas } from './audit.js';
import { changeSchemas } from './changes.js';
import { documentSchemas } from './documents.js';
import { erasureSchemas } from './erasure.js';
import { keySchemas } from './keys.js';
import { listSchemas } from './lists.js';
import { serverSchemas } from './server.js';
import { webhookSchemas } from './webhooks.js';
import type { Schema } from './shape.js';

export type { Schema };

/** By their names under `#/components/schemas/`: those of the shapes in libs/projections. */
export const answerSchemas: Readonly<Record<string, Schema>> = {
  ...documentSchemas,
  ...listSchemas,
  ...changeSchemas,
  ...auditSchemas,
  ...erasureSchemas,
  ...webhookSchemas,
  ...keySchemas,
  ...serverSchemas,
};
