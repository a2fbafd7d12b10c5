import { escapeHtml } from '../../lib/mail-body.ts';

/** A whole page; `body` is HTML, `script` the name of a file in assets. */
export function renderLayout(title: string, script: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Tenantry</title>
<link rel="stylesheet" href="/dev/dev.css">
<script type="module" src="/dev/${script}"></script>
</head>
<body>
${body}
</body>
</html>
`;
}
