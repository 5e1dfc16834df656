// The console: its frame, and which page is in it.

import { html, nothing, render } from './lit-html/lit-html.js';
import { hasToken, onUnauthorized, signIn, signOut } from './api.js';
import { askForToken } from './dialogs.js';
import { changed, onChange, refresh, refreshCaller, start, state } from './store.js';
import { listPage } from './list.js';
import { closeDevice, devicePage, openDevice } from './device.js';
import { timelinePage } from './timeline.js';
import { closePlans, openPlans, plansPage } from './plans.js';
import { hostPage } from './host.js';
import { loadKinds } from './faultform.js';

const TICK_MS = 250;
const TABS = [['', 'Devices'], ['timeline', 'Timeline'], ['plans', 'Plans'], ['host', 'Host']];
const LINKS = { live: ['good', 'Live'], lost: ['bad', 'Reconnecting'], connecting: ['idle', 'Connecting'] };

let page = listPage;
let tab = '';

function route() {
    const [part = '', name] = location.hash.replace(/^#\/?/, '').split('/').map(decode);
    closeDevice();
    closePlans();
    tab = part === 'devices' ? '' : part;
    if (part === 'devices' && name) {
        openDevice(name);
        page = devicePage;
    } else if (part === 'plans') {
        openPlans(name ?? null);
        page = plansPage;
    } else {
        page = { timeline: timelinePage, host: hostPage }[part] ?? listPage;
    }
    document.title = `${name ?? (TABS.find(([key]) => key === tab)?.[1] ?? 'Devices')} · Clocktower`;
    scrollTo(0, 0);
    changed();
}

function decode(part) {
    try {
        return decodeURIComponent(part);
    } catch {
        return part;
    }
}

function frame() {
    const [kind, text] = LINKS[state.link];
    const isHealthy = state.health?.status === 'UP';
    return html`<a class="skip" href="#main" @click=${event => {
        event.preventDefault();
        document.getElementById('main').focus();
    }}>To the content</a>
    <header class="top">
        <a class="brand" href="#/"><img src="icon.svg" alt="" width="28" height="28">Clocktower</a>
        <nav aria-label="Pages">${TABS.map(([key, title]) => html`<a href="#/${key}" aria-current=${key === tab ? 'page' : nothing}>${title}</a>`)}</nav>
        <div class="status">
            <span class="state ${kind}" id="link" role="status">${text}</span>
            ${state.health ? html`<a href="#/host" class="state ${isHealthy ? 'good' : 'bad'}">${isHealthy ? 'Healthy' : 'Not healthy'}</a>` : nothing}
            ${state.caller ? html`<span class="caller" id="caller">${state.caller.name}${state.caller.mayChange ? nothing : html` <em>read only</em>`}</span>` : nothing}
            ${state.failure?.status === 401 ? html`<button class="primary small" @click=${() => {
                signIn();
                refresh();
            }}>Sign in</button>` : nothing}
            ${hasToken() ? html`<button class="plain small" @click=${() => {
                signOut();
                location.reload();
            }}>Sign out</button>` : nothing}
        </div>
    </header>
    <main id="main" tabindex="-1">${state.failure && state.isLoaded ? html`<p class="problem" role="alert">What is shown may be old: ${
        state.failure.name === 'TypeError' ? 'the service cannot be reached' : state.failure.message}. The console tries again.</p>` : nothing}${page()}</main>`;
}

function onKey(event) {
    const isTyping = event.target.matches('input, textarea, select');
    if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey) {
        const search = document.querySelector('input[type=search]');
        if (search) {
            event.preventDefault();
            search.focus();
        }
    }
}

onUnauthorized(async message => {
    const given = await askForToken(message);
    if (given !== null) {
        setTimeout(() => {
            refreshCaller().catch(() => {});
            refresh();
        });
    }
    return given;
});
onChange(() => render(frame(), document.getElementById('console')));
addEventListener('hashchange', route);
addEventListener('keydown', onKey);
setInterval(() => {
    if (!document.hidden) {
        changed();
    }
}, TICK_MS);
route();
start();
loadKinds().then(changed);
