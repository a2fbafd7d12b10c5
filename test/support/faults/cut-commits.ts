import type { CutMoment } from './link.ts';
import { pass, type Stage } from './stage.ts';

/** Cuts the link of so many commits, one after the other. Throws where none comes by in time. */
export async function cutCommits(stage: Stage, moment: CutMoment, times: number): Promise<string> {
  for (let count = 0; count < times; count += 1) {
    const isLate = pass(10).then(() => true);
    if (await Promise.race([stage.link.cutNext(moment), isLate])) {
      throw new Error('no commit came by within 10 s');
    }
  }
  return `${times} commits`;
}
