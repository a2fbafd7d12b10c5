// Import this first in a program that starts servers: however it ends, nothing of it stays behind.
import { openRunFolder } from './run-folder.ts';

await openRunFolder();
