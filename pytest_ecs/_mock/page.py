"""The page at `/` for people, and what it shows: what runs, what becomes of servers and jobs, how to log in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_ecs._mock.state.clock import stamp
from pytest_ecs._mock.state.cloud import Project, State
from pytest_ecs._mock.state.records import User

__all__ = ["HEADERS", "PAGE", "is_wanted", "overview"]

#: Servers, jobs and requests that are shown, the newest.
_MOST = 100


def is_wanted(accept: str) -> bool:
    """Whether a header Accept prefers a page to JSON, as those of browsers do and no client's of an API does."""
    weights = dict(map(_weight, accept.split(",")))
    html = weights.get("text/html", 0.0)
    return html > 0 and html >= weights.get("application/json", 0.0)


def _weight(entry: str) -> tuple[str, float]:
    media_type, *parameters = (part.strip().lower() for part in entry.split(";"))
    quality = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return media_type, float(quality)
    except ValueError:
        return media_type, 0.0


def overview(state: State, log: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the page shows; of many servers, jobs and requests the newest."""
    return {
        "now": stamp(state.clock.now()),
        "region": state.region,
        "users": [_user(state, user) for user in (state.primary, state.other, state.restricted)],
        "projects": [_project(project) for project in state.projects.values()],
        "requests": [one for one in log[-_MOST:] if not one["path"].startswith("/_mock/")][::-1],
    }


def _user(state: State, user: User) -> dict[str, Any]:
    shown = {"username": user.name, "password": user.password, "domain": user.domain, "ak": user.ak, "sk": user.sk}
    return {**shown, "project_id": user.project, "project_name": state.projects[user.project].name}


def _project(project: Project) -> dict[str, Any]:
    servers = [
        {
            "id": server.id,
            "name": server.name,
            "status": server.status,
            "task": server.task_state,
            "flavor": server.flavor.id,
            "addresses": [nic.address for nic in server.nics] + [nic.eip.address for nic in server.nics if nic.eip],
            "created": stamp(server.created),
        }
        for server in list(project.servers.values())[: -_MOST - 1 : -1]
    ]
    jobs = [
        {
            "id": job.id,
            "job_type": job.job_type,
            "status": job.status,
            "begun": stamp(job.begun),
            "ended": stamp(job.ended) if job.ended is not None else None,
            "code": job.code,
        }
        for job in list(project.jobs.values())[: -_MOST - 1 : -1]
    ]
    counts = {
        "servers": len(project.servers),
        "jobs": len(project.jobs),
        "disks": len(project.volumes),
        "snapshots": len(project.snapshots),
        "floating IPs": len(project.eips),
        "security groups": len(project.groups),
    }
    return {"id": project.id, "name": project.name, "counts": counts, "servers": servers, "jobs": jobs}


_STYLE = """
:root { color-scheme: light dark; --line: #8885; --soft: #6b6b6b; --mark: #0b5fb4; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --soft: #a0a0a0; --mark: #7ab7ff; --bad: #ff8a80 } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 1200px; padding: 1.5rem }
h1 { font-size: 1.4rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p { margin: .3rem 0 } .soft { color: var(--soft) }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top }
th { font-weight: 600; white-space: nowrap } td { overflow-wrap: anywhere }
td.id { font-family: ui-monospace, monospace; font-size: .85em }
pre { background: #8881; border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; padding: .7rem }
select, button { font: inherit } .counts span { margin-right: 1.2rem } .counts b, .busy { color: var(--mark) } .bad { color: var(--bad); font-weight: 600 }
"""
_SCRIPT = """
'use strict';
const $ = (id) => document.getElementById(id);
const text = (name, content, style) => {
  const made = document.createElement(name);
  made.textContent = content ?? '-';
  if (style) made.className = style;
  return made;
};
const bad = (status) => status >= 400 || ['ERROR', 'FAIL'].includes(status);
const mood = (status) => bad(status) ? 'bad' : typeof status === 'number' || ['ACTIVE', 'SHUTOFF', 'SUCCESS'].includes(status) ? '' : 'busy';
const table = (place, rows, columns) => {
  const body = $(place).querySelector('tbody');
  const made = rows.map((row) => {
    const line = document.createElement('tr');
    line.append(...columns.map(([key, style]) => text('td', row[key], key === 'status' ? mood(row.status) : style)));
    return line;
  });
  if (!made.length) {
    const line = document.createElement('tr');
    line.append(text('td', 'none yet', 'soft'));
    line.firstChild.colSpan = columns.length;
    made.push(line);
  }
  body.replaceChildren(...made);
};
const quoted = (word) => "'" + String(word).replaceAll("'", "'\\\\''") + "'";
const login = (user, region) => [
  ['OS_AUTH_URL', location.origin + '/v3'], ['OS_USERNAME', user.username], ['OS_PASSWORD', user.password],
  ['OS_USER_DOMAIN_NAME', user.domain], ['OS_PROJECT_ID', user.project_id], ['OS_REGION_NAME', region],
  ['OS_IDENTITY_API_VERSION', '3'],
  ['HUAWEICLOUD_SDK_AK', user.ak], ['HUAWEICLOUD_SDK_SK', user.sk],
].map(([name, value]) => 'export ' + name + '=' + quoted(value)).join('\\n');
const show = (found) => {
  const users = $('user'), chosen = users.value || '0';
  users.replaceChildren(...found.users.map((user, index) => {
    const option = text('option', user.username + ' (' + user.project_name + ')');
    option.value = String(index);
    return option;
  }));
  users.value = chosen;
  const user = found.users[Number(chosen)];
  const project = found.projects.find((one) => one.id === user.project_id);
  const code = login(user, found.region);
  if ($('login').textContent !== code) $('login').textContent = code;
  $('where').textContent = location.origin + ' · region ' + found.region + ' · project ' + project.id + ' · ' + found.now;
  $('counts').replaceChildren(...Object.entries(project.counts).map(([name, count]) => {
    const made = document.createElement('span');
    made.append(text('b', String(count)), ' ' + name);
    return made;
  }));
  table('servers', project.servers.map((one) => ({ ...one, addresses: one.addresses.join(' ') })),
    [['name'], ['status'], ['task'], ['flavor'], ['addresses'], ['created'], ['id', 'id']]);
  table('jobs', project.jobs, [['job_type'], ['status'], ['code'], ['begun'], ['ended'], ['id', 'id']]);
  table('requests', found.requests, [['status'], ['method'], ['path', 'id']]);
};
let last = null;
const look = async () => {
  try {
    last = await (await fetch('/_mock/overview')).json();
    show(last);
    document.documentElement.dataset.ready = 'yes';
    $('state').textContent = '';
  } catch (error) {
    $('state').textContent = 'The mock does not answer; what is below is how it was.';
  }
  setTimeout(look, 1000);
};
$('user').addEventListener('change', () => { if (last) show(last); });
$('copy').hidden = !navigator.clipboard;  // away from localhost browsers have none without TLS
$('copy').addEventListener('click', () => navigator.clipboard.writeText($('login').textContent).then(
  () => { $('copied').textContent = 'Copied.'; },
  () => { $('copied').textContent = 'The browser does not allow it.'; },
));
look();
"""


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


#: The page may do what is in it and ask its own origin, and nothing else.
HEADERS: Mapping[str, str] = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Vary": "Accept",
}


def _table(name: str, title: str, *columns: str) -> str:
    heads = "".join(f"<th scope='col'>{column}</th>" for column in columns)
    return (
        f"<h2>{title}</h2><div class='wide'><table id='{name}'><thead><tr>{heads}</tr></thead>"
        "<tbody></tbody></table></div>"
    )


PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>pytest-ecs mock</title><link rel="icon" href="data:,"><style>{_STYLE}</style></head><body>
<h1>pytest-ecs mock</h1>
<p>An Elastic Cloud Server endpoint in memory, with IAM: nothing here is a real cloud, and nothing costs money.</p>
<p class="soft" id="where"></p><p id="state" role="status"></p><p class="counts" id="counts"></p>
<h2>Log in</h2>
<p><label>User <select id="user"></select></label> <span class="soft">Paste into a shell; openstacksdk, the openstack
command and huaweicloudsdkecs read these. API clients get the list of versions at this address.</span></p>
<pre id="login"></pre><p><button id="copy" type="button">Copy</button> <span id="copied" role="status"></span></p>
{_table("servers", "Servers", "Name", "Status", "Task", "Flavor", "Addresses", "Created", "Id")}
{_table("jobs", "Jobs", "Type", "Status", "Code", "Begun", "Ended", "Id")}
{_table("requests", "Requests", "Status", "Method", "Path")}
<noscript>The page needs JavaScript; the same is at /_mock/overview as JSON.</noscript>
<script>{_SCRIPT}</script></body></html>
"""
