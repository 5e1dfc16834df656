// Questions to the person at the console, and short notices.

import { html, nothing, render } from './lit-html/lit-html.js';

const NOTICE_MS = 8_000;
const notices = [];

function host(id, attributes = {}) {
    let element = document.getElementById(id);
    if (element === null) {
        element = document.createElement('div');
        element.id = id;
        Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
        document.body.append(element);
    }
    return element;
}

/** Shows a dialog until it is closed; content gets a function that closes it with a result. */
function open(label, content, dismissed) {
    return new Promise(resolve => {
        const dialog = document.createElement('dialog');
        dialog.setAttribute('aria-label', label);
        let result = dismissed;
        const close = value => {
            result = value;
            dialog.close();
        };
        dialog.addEventListener('close', () => {
            dialog.remove();
            resolve(result);
        });
        render(content(close), dialog);
        document.body.append(dialog);
        dialog.showModal();
    });
}

/** Asks for a token; null if the person gives none. */
export function askForToken(message) {
    return open('Sign in', close => html`
        <form method="dialog" @submit=${event => {
            event.preventDefault();
            const given = event.target.elements.token.value.trim();
            close(given === '' ? null : given);
        }}>
            <h2>Sign in</h2>
            <p>${message ?? 'This service requires a bearer token.'}</p>
            <label class="field"><span>Token</span>
                <input name="token" type="password" autocomplete="off" spellcheck="false" autofocus></label>
            <p class="hint">It is kept in the memory of this page alone, and gone when the page is closed.</p>
            <div class="actions">
                <button type="button" class="plain" @click=${() => close(null)}>Not now</button>
                <button class="primary">Sign in</button>
            </div>
        </form>`, null);
}

/** Asks whether to go on. */
export function confirm({ title, text, action, details = nothing }) {
    return open(title, close => html`
        <form method="dialog" @submit=${event => {
            event.preventDefault();
            close(true);
        }}>
            <h2>${title}</h2>
            <p>${text}</p>
            ${details}
            <div class="actions">
                <button type="button" class="plain" @click=${() => close(false)}>Cancel</button>
                <button class="primary" autofocus>${action}</button>
            </div>
        </form>`, false);
}

/** Says something for some seconds; kind is done or failed. A failure stays until it is dismissed. */
export function notify(text, kind = 'done') {
    const notice = { text, kind };
    notices.push(notice);
    if (notices.length > 4) {
        notices.shift();
    }
    if (kind === 'done') {
        setTimeout(() => dismiss(notice), NOTICE_MS);
    }
    show();
}

function dismiss(notice) {
    const at = notices.indexOf(notice);
    if (at >= 0) {
        notices.splice(at, 1);
        show();
    }
}

function show() {
    render(notices.map(notice => html`
        <div class="notice ${notice.kind}"><span>${notice.text}</span>
            <button class="plain small" aria-label="Dismiss" @click=${() => dismiss(notice)}>✕</button></div>`),
    host('notices', { role: 'status', 'aria-live': 'polite' }));
}
