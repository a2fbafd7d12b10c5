import { TraceFlags } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { Config } from '../config.ts';

type SamplerName = NonNullable<Config['traces']>['sampler'];

/** The standard sampler of that name, which also keeps what is linked to something that is kept. */
export function createSampler(name: SamplerName, share: number): Sampler {
  const sampler = createStandardSampler(name, share);
  return {
    shouldSample(...question) {
      const [, , , , , links] = question;
      const isLinked = links.some(({ context }) => (context.traceFlags & TraceFlags.SAMPLED) !== 0);
      return isLinked
        ? { decision: SamplingDecision.RECORD_AND_SAMPLED }
        : sampler.shouldSample(...question);
    },
    toString: () => sampler.toString(),
  };
}

function createStandardSampler(name: SamplerName, share: number): Sampler {
  const root = createRootSampler(name.replace(/^parentbased_/, ''), share);
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

function createRootSampler(name: string, share: number): Sampler {
  if (name === 'always_on') return new AlwaysOnSampler();
  if (name === 'always_off') return new AlwaysOffSampler();
  return new TraceIdRatioBasedSampler(share);
}
