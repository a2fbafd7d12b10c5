import type { PasswordPolicy as PasswordPolicyRecord } from '../../../core/runtime.ts';
import { builder } from '../../../graphql/builder.ts';
import { describePasswordRules, passwordLengthMax } from '../../../lib/password-rules.ts';

const PasswordPolicy = builder.objectRef<PasswordPolicyRecord>('PasswordPolicy').implement({
  description:
    'What a new password must be. Passwords that were chosen under another policy still work.',
  fields: (t) => ({
    lengthMin: t.exposeInt('lengthMin', {
      description: 'Fewest characters: Unicode code points after normalization to NFKC.',
    }),
    lengthMax: t.int({
      description: 'Most characters, counted in the same way. Nothing is ever cut off.',
      resolve: () => passwordLengthMax,
    }),
    usesBlocklist: t.boolean({
      description: 'Whether common and guessable passwords are rejected. Always true.',
      resolve: () => true,
    }),
    rules: t.stringList({
      description: 'All rules as sentences in English, to show beside the field.',
      resolve: ({ lengthMin }) => [...describePasswordRules(lengthMin)],
    }),
  }),
});

builder.queryField('passwordPolicy', (t) =>
  t.field({
    type: PasswordPolicy,
    description: 'What a new password must be. For everybody, signed in or not.',
    resolve: (_root, _args, { runtime }) => runtime.passwordPolicy,
  }),
);
