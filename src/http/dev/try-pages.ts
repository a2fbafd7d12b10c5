import { escapeHtml } from '../../lib/mail-body.ts';
import { renderLayout } from './layout.ts';

/** A mutation to try: the form is sent as its input, with the token of the link if `takesToken`. */
type TryForm = {
  button: string;
  /** A GraphQL document; any result but an Error is a success. */
  operation: string;
  fields?: readonly Field[];
  takesToken?: boolean;
  /** The message on success. */
  done: string;
};
type Field = 'email' | 'password' | 'newPassword' | 'name' | 'tenantName';
type TryPage = { title: string; lead: string; forms: readonly TryForm[] };

const onError = '... on Error { message path }';

function mutation(name: string, inputType: string | null): string {
  return inputType === null
    ? `mutation { result: ${name} { __typename ${onError} } }`
    : `mutation ($input: ${inputType}!) { result: ${name}(input: $input) { __typename ${onError} } }`;
}

const signUp: TryForm = {
  button: 'Sign up',
  operation: mutation('signUp', 'SignUpInput'),
  fields: ['email', 'password', 'name', 'tenantName'],
  done: 'You are signed up and signed in. A mail with a link to confirm your address has been sent.',
};

const signIn: TryForm = {
  button: 'Sign in',
  operation: mutation('signIn', 'SignInInput'),
  fields: ['email', 'password'],
  done: 'You are signed in.',
};

const pages: Readonly<Record<string, TryPage>> = {
  'sign-up': {
    title: 'Sign up',
    lead: 'Creates a user, and a tenant if you name one.',
    forms: [
      signUp,
      {
        button: 'Send the link again',
        operation: mutation('requestEmailVerification', null),
        done: 'A mail has been sent, unless the address is confirmed already.',
      },
    ],
  },
  'email-verification': {
    title: 'Confirm your e-mail address',
    lead: 'The link you followed proves that the mailbox is yours.',
    forms: [
      {
        button: 'Confirm',
        operation: mutation('verifyEmail', 'VerifyEmailInput'),
        takesToken: true,
        done: 'Your address is confirmed.',
      },
    ],
  },
  'password-reset': {
    title: 'Choose a new password',
    lead: 'Use the link that was mailed to you, or request one below.',
    forms: [
      {
        button: 'Set the password',
        operation: mutation('resetPassword', 'ResetPasswordInput'),
        fields: ['newPassword'],
        takesToken: true,
        done: 'The password is set and all sessions have ended. Sign in with it.',
      },
      {
        button: 'Mail me a link',
        operation: mutation('requestPasswordReset', 'RequestPasswordResetInput'),
        fields: ['email'],
        done: 'If there is such an account, a mail has been sent to it.',
      },
      signIn,
    ],
  },
  invitation: {
    title: 'You are invited',
    lead: 'Sign in with the invited address, or sign up with it and confirm it, then accept.',
    forms: [
      signIn,
      signUp,
      {
        button: 'Accept',
        operation: mutation('acceptInvitation', 'AcceptInvitationInput'),
        takesToken: true,
        done: 'You are now a member.',
      },
      {
        button: 'Decline',
        operation: mutation('declineInvitation', 'DeclineInvitationInput'),
        takesToken: true,
        done: 'The invitation is declined.',
      },
    ],
  },
};

/** The page for a kind of link in mails, or null for an unknown name. */
export function renderTryPage(name: string, { hasInbox }: { hasInbox: boolean }): string | null {
  const page = Object.hasOwn(pages, name) ? pages[name] : undefined;
  if (!page) return null;
  const inbox = hasInbox ? ' Mails are in the <a href="/dev/inbox">inbox</a>.' : '';
  return renderLayout(
    page.title,
    'try.js',
    `<header>
<h1>${escapeHtml(page.title)}</h1>
<p>${escapeHtml(page.lead)}${inbox}</p>
</header>
<main>
${page.forms.map(renderForm).join('\n')}
</main>`,
  );
}

function renderForm({ button, operation, fields = [], takesToken, done }: TryForm): string {
  return `<form data-operation="${escapeHtml(operation)}" data-done="${escapeHtml(done)}"${
    takesToken ? ' data-takes-token' : ''
  }>
${fields.map(renderField).join('\n')}
<button>${escapeHtml(button)}</button>
<output></output>
</form>`;
}

const types: Readonly<Record<Field, [label: string, attributes: string]>> = {
  email: ['E-mail address', 'type="email" autocomplete="email" required'],
  password: ['Password', 'type="password" required'],
  newPassword: ['New password', 'type="password" autocomplete="new-password" required'],
  name: ['Your name', 'autocomplete="name"'],
  tenantName: ['Name of a new tenant', ''],
};

function renderField(name: Field): string {
  const [label, attributes] = types[name];
  return `<label>${label} <input name="${name}" ${attributes}></label>`;
}
