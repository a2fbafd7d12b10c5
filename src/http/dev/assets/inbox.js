// The inbox: looks for new mails every two seconds and shows them without losing the place.
const mails = document.querySelector('#mails');

/** @param {ParentNode} page */
function localizeTimes(page) {
  for (const time of page.querySelectorAll('time')) {
    time.textContent = new Date(time.dateTime).toLocaleString();
  }
}

async function look() {
  const response = await fetch('/dev/inbox').catch(() => null);
  if (!response?.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const fresh = page.querySelector('#mails');
  if (fresh.querySelector('article')?.id === mails.querySelector('article')?.id) return;
  localizeTimes(fresh);
  mails.replaceChildren(...fresh.childNodes);
}

localizeTimes(document);
setInterval(look, 2_000);
