"""What the control page looks like and what its buttons do."""

STYLE = """
body{font:14px/1.5 system-ui,sans-serif;margin:1.5rem auto;padding:0 1rem;max-width:76rem;
  color:#1d273b;background:#f6f8fb}
h1{font-size:1.4rem;margin-bottom:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:1rem 0 .25rem}
.muted{color:#667382}.wide{overflow-x:auto;background:#fff;border:1px solid #e6e7e9;margin-bottom:.5rem}
table{border-collapse:collapse;width:100%}th,td{padding:.35rem .6rem;border-bottom:1px solid #e6e7e9;white-space:nowrap}
th{text-align:left;color:#667382;font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
button,select,input{font:inherit;padding:.25rem .6rem;max-width:100%}
button.on{background:#206bc4;color:#fff;border-color:#206bc4}
input[type=number]{width:6rem}form{margin:0 0 .5rem}label{margin-right:.5rem}
.cards{display:flex;gap:.75rem;flex-wrap:wrap;margin-top:1rem}
.card{background:#fff;padding:.5rem 1rem;border:1px solid #e6e7e9}
.card b{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums}
"""

# Buttons send JSON to the control API, then show the page again.
SCRIPT = """
async function send(method, path, body) {
  const answer = await fetch('/control/api/' + path, {method, headers: {'Content-Type': 'application/json'},
    body: body ? JSON.stringify(body) : undefined});
  if (!answer.ok) { alert((await answer.json()).error); return; }
  location.reload();
}
function setLimit(form) {
  const limit = Number(form.limit.value);
  send('POST', 'limits', {limits: limit ? {developer: {default: limit}} : null});
}
function addFault(form) {
  const rule = {name: form.fault.value, medium: form.medium.value, path: form.path.value || '*',
    probability: Number(form.probability.value)};
  if (form.account.value) rule.account_id = Number(form.account.value);
  if (form.count.value) rule.count = Number(form.count.value);
  send('POST', 'faults', rule);
}
"""
