// Sends a form as the input of its mutation, with the token in the fragment of the link, and shows the result. The
// session is kept in a cookie that no script can read.
const token = new URLSearchParams(location.hash.slice(1)).get('token');

/** @param {HTMLFormElement} form */
function readInput(form) {
  const filled = [...new FormData(form)].filter(([, value]) => value !== '');
  return { ...Object.fromEntries(filled), ...('takesToken' in form.dataset ? { token } : {}) };
}

/** @param {HTMLFormElement} form */
async function send(form) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-tenantry-session': 'cookie' },
    body: JSON.stringify({ query: form.dataset.operation, variables: { input: readInput(form) } }),
  });
  const { data, errors } = await response.json();
  return errors?.[0].message ?? data.result.message ?? null;
}

for (const form of document.forms) {
  if ('takesToken' in form.dataset && token === null) form.hidden = true;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const error = await send(form).catch(({ message }) => message);
    form.dataset.outcome = error === null ? 'done' : 'failed';
    form.querySelector('output').textContent = error ?? form.dataset.done;
  });
}
