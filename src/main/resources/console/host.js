// The page of the host and of the service's health.

import { html, nothing } from './lit-html/lit-html.js';
import { now, state } from './store.js';
import { offset, reading, span } from './time.js';

export function hostPage() {
    const host = state.host;
    if (host === null) {
        return html`<p class="empty" role="status">${state.failure?.message ?? 'Loading…'}</p>`;
    }
    const { day, time } = reading('utc', now() * 1e6);
    const table = host.leapSeconds;
    return html`<h1>Host</h1><div class="columns">
        <section class="card"><h2>Clock</h2><dl class="facts">
            ${fact('UTC', `${day} ${time}`)}
            ${fact('Synchronized', host.synchronized === undefined ? 'not known' : host.synchronized ? 'yes' : 'no')}
            ${fact('Largest error', host.maxErrorNs === undefined ? null : span(host.maxErrorNs))}
            ${fact('Estimated error', host.estimatedErrorNs === undefined ? null : span(host.estimatedErrorNs))}
            ${fact('Clocksource', host.clocksource)}
            ${fact('TAI − UTC', `${offset(host.taiOffset.seconds * 1e9)} (${host.taiOffset.source})`)}
            ${fact('Leap seconds', `${table.source}${table.expired ? ', expired' : ''}`)}
            ${fact('Next leap second', table.next ? `${table.next.day} (${table.next.change > 0 ? 'inserted' : 'deleted'})` : 'none is announced')}
        </dl></section>
        <section class="card"><h2>Service <span class="state ${state.health?.status === 'UP' ? 'good' : 'bad'}">${state.health?.status === 'UP' ? 'healthy' : 'not healthy'}</span></h2>
        <dl class="facts">${fact('Version', host.version)}${fact('Polling', host.polling.allowed ? 'allowed' : `no: ${host.polling.reason}`)}
            ${(state.health?.checks ?? []).map(check => fact(check.name, check.status === 'UP' ? 'up' : 'down'))}</dl></section></div>`;
}

function fact(name, text) {
    return text === null || text === undefined ? nothing : html`<div><dt>${name}</dt><dd>${text}</dd></div>`;
}
