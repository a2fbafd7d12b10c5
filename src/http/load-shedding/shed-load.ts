import { GraphQLError } from 'graphql';
import { UnavailableError } from '../../core/app-error.ts';
import type { Exchange } from '../exchange.ts';
import { type Answer, createRejectionAnswer } from '../response.ts';
import type { Admission } from './load-shedder.ts';

type AnswerExchange = (exchange: Exchange) => Promise<Answer>;

/** The response to requests that are shed; made once, because rejecting must cost next to nothing. */
export const busyAnswer: Answer = createBusyAnswer();

/**
 * Answers only what `admission` lets in, and tells the rest to come back later; nothing was done for it
 * then. A place is taken when the body is there, so that who sends slowly holds none, and given back when
 * the answer is made, or when it begins where it is a stream.
 */
export function admit(admission: Admission, answer: AnswerExchange): AnswerExchange {
  return async (exchange) => {
    await receiveBody(exchange);
    const arrivedAt = performance.now();
    const leave = await admission.enter(exchange.getDeparture);
    if (leave === null) return busyAnswer;
    exchange.beganAt = performance.now();
    exchange.request.notes.waitedMs = Math.round(exchange.beganAt - arrivedAt);
    try {
      return await answer(exchange);
    } finally {
      leave();
    }
  };
}

/** Whatever is wrong with the body is reported where it is read. */
async function receiveBody({ req, readBody }: Exchange): Promise<void> {
  if (req.method === 'POST') await readBody().catch(() => undefined);
}

function createBusyAnswer(): Answer {
  const { code, message, retryAfterSeconds } = new UnavailableError();
  const headers = { 'retry-after': String(retryAfterSeconds) };
  return createRejectionAnswer(
    new GraphQLError(message, {
      extensions: { code, retryAfterSeconds, http: { status: 503, headers } },
    }),
  );
}
