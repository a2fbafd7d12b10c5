import { printNote } from './output.ts';

/** Shows progress: a bar on a terminal, otherwise a line per tenth. */
export type Progress = { add: (count: number) => void };

/** Progress without a known total: `share` from 0 to 1, or null if unknown. */
export type OpenProgress = { show: (done: number, share: number | null) => void };

const barWidth = 30;

/** `label` names what is counted. Everything goes to standard error. */
export function createProgress(label: string, total: number): Progress {
  const began = performance.now();
  const isTerminal = process.stderr.isTTY === true;
  let done = 0;
  let tenthsShown = 0;
  return {
    add(count) {
      done += count;
      const perSecond = Math.round(done / ((performance.now() - began) / 1_000));
      const text = `${format(done)} of ${format(total)} ${label}, ${format(perSecond)}/s`;
      const tenths = Math.floor((done / total) * 10);
      if (isTerminal) draw(done / total, text);
      else if (tenths > tenthsShown) printNote(text);
      tenthsShown = tenths;
    },
  };
}

/** `label` names what is counted. Everything goes to standard error. */
export function createOpenProgress(label: string): OpenProgress {
  const began = performance.now();
  const isTerminal = process.stderr.isTTY === true;
  let tenthsShown = 0;
  return {
    show(done, share) {
      const perSecond = Math.round(done / ((performance.now() - began) / 1_000));
      const text = `${format(done)} ${done === 1 ? label.replace(/s$/, '') : label}, ${format(perSecond)}/s`;
      const tenths = share === null ? tenthsShown + 1 : Math.floor(share * 10);
      if (isTerminal) draw(share ?? 0, text);
      else if (tenths > tenthsShown) printNote(text);
      tenthsShown = tenths;
    },
  };
}

function draw(share: number, text: string): void {
  const filled = Math.round(share * barWidth);
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  // Returns to the start of the line and clears it.
  process.stderr.write(`\r\u001b[K${bar} ${text}${share >= 1 ? '\n' : ''}`);
}

function format(count: number): string {
  return count.toLocaleString('en');
}
