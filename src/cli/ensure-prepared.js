// For scripts that may run right after `npm ci`: ensures a suitable Node (ensure-node.js), and generates Prisma's
// client if needed.
import './ensure-node.js';

const { prepareClient } = await import('../db/prepare.ts');
if ((await prepareClient()).isChanged) console.error('prepared the database client');
