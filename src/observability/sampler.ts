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

/** Creates a standard sampler that also samples spans with a sampled link. */
export function createSampler(name: SamplerName, share: number): Sampler {
  const sampler = createStandardSampler(name, share);
  return {
    shouldSample(...args) {
      const [, , , , , links] = args;
      const isLinked = links.some(({ context }) => (context.traceFlags & TraceFlags.SAMPLED) !== 0);
      return isLinked
        ? { decision: SamplingDecision.RECORD_AND_SAMPLED }
        : sampler.shouldSample(...args);
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
