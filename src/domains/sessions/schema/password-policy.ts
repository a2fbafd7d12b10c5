import type { PasswordPolicy as PasswordPolicyRecord } from '../../../core/runtime.ts';
import { builder } from '../../../graphql/builder.ts';
import { describePasswordRules, passwordLengthMax } from '../../../lib/password-rules.ts';

const PasswordPolicy = builder.objectRef<PasswordPolicyRecord>('PasswordPolicy').implement({
  description: 'Rules for new passwords. Existing passwords keep working when the rules change.',
  fields: (t) => ({
    lengthMin: t.exposeInt('lengthMin', {
      description: 'Minimum length in Unicode code points after NFKC normalization.',
    }),
    lengthMax: t.int({
      description: 'Maximum length, counted the same way. Nothing is ever truncated.',
      resolve: () => passwordLengthMax,
    }),
    usesBlocklist: t.boolean({
      description: 'Whether common and guessable passwords are rejected. Always true.',
      resolve: () => true,
    }),
    rules: t.stringList({
      description: 'The rules as English sentences, to show next to the field.',
      resolve: ({ lengthMin }) => [...describePasswordRules(lengthMin)],
    }),
  }),
});

builder.queryField('passwordPolicy', (t) =>
  t.field({
    type: PasswordPolicy,
    description: 'Rules for new passwords. Available to everyone, signed in or not.',
    resolve: (_root, _args, { runtime }) => runtime.passwordPolicy,
  }),
);
