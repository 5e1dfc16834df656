// The page of events, the newest first.

import { html, nothing } from './lit-html/lit-html.js';
import { changed, now, state } from './store.js';
import { moment } from './time.js';

const SHOWN = 300;
const GROUPS = {
    all: ['All', () => true],
    fault: ['Faults', event => event.type.startsWith('fault')],
    connection: ['Connections', event => event.type.endsWith('connected') || event.type.startsWith('device')],
    alarm: ['Alarms', event => event.type.startsWith('alarm')],
};

const view = { group: 'all', device: '' };

export function timelinePage() {
    const [, isIn] = GROUPS[view.group];
    const events = state.events.filter(event => event.type === 'gap'
        || isIn(event) && (event.device ?? '').toLowerCase().includes(view.device.trim().toLowerCase()));
    return html`<h1>Timeline</h1>
        <section class="tools" aria-label="Filter">
            <input type="search" aria-label="Device" placeholder="Device" .value=${view.device}
                @input=${event => set({ device: event.target.value })}>
            <div class="filters" role="group" aria-label="Kind of event">${Object.entries(GROUPS).map(([key, [title]]) => html`
                <button class="filter" aria-pressed=${view.group === key} @click=${() => set({ group: key })}>${title}</button>`)}</div>
        </section>
        <section class="card">${events.length === 0 ? html`<p class="empty">No event yet.</p>`
            : html`<ol class="timeline" aria-live="off">${events.slice(0, SHOWN).map(event => eventRow(event, true))}</ol>`}</section>`;
}

function set(change) {
    Object.assign(view, change);
    changed();
}

export function eventRow(event, withDevice) {
    const kind = event.type.split('-')[0];
    return html`<li class="event ${kind}"><time datetime=${event.time} title=${event.time}>${moment(event.time, now())}</time>
        <span class="type">${event.type}</span>
        <span class="text">${withDevice && event.device ? html`<a href="#/devices/${event.device}">${event.device}</a> ` : nothing}${
            event.fault ? html`<b>${event.fault}</b> ` : nothing}${event.detail ?? ''}${
            event.actor && !event.detail?.includes(`by ${event.actor}`) ? html` <span class="faint">${event.actor}</span>` : nothing}</span></li>`;
}
