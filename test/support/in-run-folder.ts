// Import this first in a program that starts servers, so that all are ended and removed with it.
import { openRunFolder } from './run-folder.ts';

await openRunFolder();
