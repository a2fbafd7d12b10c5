// GraphiQL stores its tabs between visits, and separately the parts of the open one, but a part only once it is edited.
// Without a tab that has the stored parts it opens an empty one, so this page stores them.
const kept = JSON.parse(localStorage.getItem('graphiql:tabState'));
const open = kept?.tabs[kept.activeTabIndex];
for (const part of open ? ['query', 'variables', 'headers'] : []) {
  localStorage.setItem(`graphiql:${part}`, open[part] ?? '');
}

// Replaces the placeholders in the variables of an operation when GraphiQL sends it, so that each example can be
// repeated by any signed-in user:
// - {{tenantId}}: the id of the caller's first tenant
// - {{apiKey}}: the last API key that was shown on this page
// - {{now}}: a new text each time
// One without a value stays as it is.
const send = window.fetch.bind(window);
let apiKey = null;

/** With the headers of the operation, because the Headers pane may name another caller. */
async function findTenantId(url, { headers }) {
  const query = '{ viewer { memberships(first: 1) { edges { node { tenant { id } } } } } }';
  const response = await send(url, {
    method: 'POST',
    headers: { ...headers, accept: 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data } = await response.json();
  return data?.viewer?.memberships.edges[0]?.node.tenant.id ?? null;
}

async function fill(url, init) {
  const { variables, ...rest } = JSON.parse(init.body);
  let text = JSON.stringify(variables);
  if (!text?.includes('{{')) return init;
  text = text.replaceAll('{{now}}', Date.now().toString(36));
  if (apiKey !== null) text = text.replaceAll('{{apiKey}}', apiKey);
  if (text.includes('{{tenantId}}')) {
    const tenantId = await findTenantId(url, init);
    if (tenantId !== null) text = text.replaceAll('{{tenantId}}', tenantId);
  }
  return { ...init, body: JSON.stringify({ ...rest, variables: JSON.parse(text) }) };
}

/** Skips streams, which do not end. */
async function rememberApiKey(response) {
  if (!response.headers.get('content-type')?.includes('json')) return;
  const { data } = await response.clone().json();
  apiKey = data?.createApiKey?.secret ?? apiKey;
}

window.fetch = async (url, init) => {
  if (typeof init?.body !== 'string') return send(url, init);
  const response = await send(url, await fill(url, init));
  await rememberApiKey(response);
  return response;
};
