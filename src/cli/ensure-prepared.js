// Importing this module before a program guarantees what ensure-node.js does, and Prisma's client, which
// `npm ci` leaves to anyone who needs it first: for scripts that are run right after it.
import './ensure-node.js';

const { prepareClient } = await import('../db/prepare.ts');
if ((await prepareClient()).isChanged) console.error('prepared the database client');
