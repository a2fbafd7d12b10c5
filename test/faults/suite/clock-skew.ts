import type { Fault } from '../../support/faults/fault.ts';
import type { Stage } from '../../support/faults/stage.ts';
import { createTeam } from '../../support/people.ts';

const shim = (milliseconds: number) =>
  `data:text/javascript,const now = Date.now; Date.now = () => now() + ${milliseconds};
   const Plain = Date; globalThis.Date = class extends Plain { constructor(...a) {
   a.length === 0 ? super(Plain.now()) : super(...a); } };`.replaceAll('\n', '');

const dayMs = 86_400_000;

/** Sessions and keys are judged by the database's clock, so whatever the server's says changes nothing. */
export const fault: Fault = {
  name: "server's clock a day ahead",
  needs: { server: { nodeArguments: ['--import', shim(dayMs + 60_000)] } },
  async inject(stage) {
    await verifyVerdicts(stage);
    return 'live sessions good, ended ones refused';
  },
  expectation: { words: 'no verdict about a session changes', codes: [] },
};

async function verifyVerdicts(stage: Stage): Promise<void> {
  const isSignedIn = async (token: string) =>
    (await stage.ask('{ viewer { user { id } } }', { token })).data?.viewer !== null;
  const { owner: live } = await createTeam(stage);
  if (!(await isSignedIn(live.token))) throw new Error('a live session was refused');
  await stage.query(
    `update sessions set expires_at = now() - interval '1 second' where user_id = $1`,
    [live.userUuid],
  );
  if (await isSignedIn(live.token)) throw new Error('an ended session was taken');
}
