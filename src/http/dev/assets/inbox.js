// Looks for new mails every two seconds and shows them without moving the page.
const mails = document.querySelector('#mails');

/** @param {ParentNode} page */
function localizeTimes(page) {
  for (const time of page.querySelectorAll('time')) {
    time.textContent = new Date(time.dateTime).toLocaleString();
  }
}

async function refresh() {
  const response = await fetch('/dev/inbox').catch(() => null);
  if (!response?.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const fresh = page.querySelector('#mails');
  if (fresh.querySelector('article')?.id === mails.querySelector('article')?.id) return;
  localizeTimes(fresh);
  mails.replaceChildren(...fresh.childNodes);
}

localizeTimes(document);
setInterval(refresh, 2_000);
