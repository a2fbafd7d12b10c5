import type { Fault } from '../../support/faults/fault.ts';
import type { Stage } from '../../support/faults/stage.ts';
import { createTeam } from '../../support/people.ts';

const shim = (milliseconds: number) =>
  `data:text/javascript,const now = Date.now; Date.now = () => now() + ${milliseconds};
   const Plain = Date; globalThis.Date = class extends Plain { constructor(...a) {
   a.length === 0 ? super(Plain.now()) : super(...a); } };`.replaceAll('\n', '');

const dayMs = 86_400_000;

/** Sessions and keys expire by the database's clock, so the server's clock has no effect. */
export const fault: Fault = {
  name: "server's clock a day ahead",
  needs: { server: { nodeArguments: ['--import', shim(dayMs + 60_000)] } },
  async inject(stage) {
    await verifySessions(stage);
    return 'live sessions accepted, expired ones rejected';
  },
  expectation: { words: 'no session becomes valid or invalid', codes: [] },
};

async function verifySessions(stage: Stage): Promise<void> {
  const isSignedIn = async (token: string) =>
    (await stage.ask('{ viewer { user { id } } }', { token })).data?.viewer !== null;
  const { owner: live } = await createTeam(stage);
  if (!(await isSignedIn(live.token))) throw new Error('a live session was rejected');
  await stage.query(
    `update sessions set expires_at = now() - interval '1 second' where user_id = $1`,
    [live.userUuid],
  );
  if (await isSignedIn(live.token)) throw new Error('an expired session was accepted');
}
