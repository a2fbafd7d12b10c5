import type { CutMoment } from './link.ts';
import { pass, type Stage } from './stage.ts';

/** Cuts the link during this many commits, one after the other. Throws if no commit is sent within 10 s. */
export async function cutCommits(stage: Stage, moment: CutMoment, times: number): Promise<string> {
  for (let count = 0; count < times; count += 1) {
    const isLate = pass(10).then(() => true);
    if (await Promise.race([stage.link.cutNext(moment), isLate])) {
      throw new Error('no commit was sent within 10 s');
    }
  }
  return `${times} commits`;
}
