import { loadScenario, rehearse } from './rehearse.ts';

// Arguments: a scenario's file and how many iterations. Prints a Rehearsal as JSON.
const [, , file = '', iterations = '1'] = process.argv;
const rehearsal = rehearse(await loadScenario(file), Number(iterations));
process.stdout.write(`\n${JSON.stringify(rehearsal)}`);
