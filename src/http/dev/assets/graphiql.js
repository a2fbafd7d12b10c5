// GraphiQL keeps its tabs between visits, and the parts of the open one apart. It stores a part only once it has been
// edited, finds no tab with these parts, and opens an empty one. So they are stored here.
const kept = JSON.parse(localStorage.getItem('graphiql:tabState'));
const open = kept?.tabs[kept.activeTabIndex];
for (const part of open ? ['query', 'variables', 'headers'] : []) {
  localStorage.setItem(`graphiql:${part}`, open[part] ?? '');
}

// Replaces the placeholders in the variables of an operation when GraphiQL sends it, so that each example runs
// again and again, for anyone who is signed in:
// - {{tenantId}}: the id of the caller's first tenant
// - {{apiKey}}: the last API key that was shown on this page
// - {{now}}: something new each time
// One that has no value stays as it is.
const send = window.fetch.bind(window);
let apiKey = null;

/** With the headers of the operation: its caller may also come from the Headers pane. */
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

/** A stream has no end to wait for, and shows no key. */
async function noteApiKey(response) {
  if (!response.headers.get('content-type')?.includes('json')) return;
  const { data } = await response.clone().json();
  apiKey = data?.createApiKey?.secret ?? apiKey;
}

window.fetch = async (url, init) => {
  if (typeof init?.body !== 'string') return send(url, init);
  const response = await send(url, await fill(url, init));
  await noteApiKey(response);
  return response;
};
