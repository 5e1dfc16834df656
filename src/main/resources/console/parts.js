// Small parts that several pages have.

import { html, nothing } from './lit-html/lit-html.js';
import { ago, countdown, parseDuration, span } from './time.js';
import { now } from './store.js';
import { summary } from './actions.js';

const STATES = { running: 'good', connected: 'info', waiting: 'idle', connecting: 'idle', failed: 'bad' };

export function deviceState(device) {
    if (device.obstacle) {
        return html`<span class="state warn" title="The guest can read no clock: ${device.obstacle}">${device.state}<span class="hidden">, ${
            device.obstacle}</span></span>`;
    }
    const title = device.reason ? device.reason : device.peer ? `process ${device.peer.pid}` : 'no VM is connected';
    return html`<span class="state ${STATES[device.state] ?? 'idle'}" title=${title ?? nothing}>${device.state}</span>`;
}

/** Whether the guest has read the clocks since a fault began. */
export function readMark(fault) {
    if (fault.state !== 'active') {
        return html`<span class="mark">${fault.state}</span>`;
    }
    return fault.neverRead
        ? html`<span class="mark unread" title="The guest has not read these clocks since the fault began">not read</span>`
        : html`<span class="mark read" title="How often the guest has read these clocks since the fault began">read ${fault.reads}×</span>`;
}

/** When a fault begins or ends. */
export function timeLeft(fault) {
    if (fault.state === 'pending') {
        return `in ${countdown(Date.parse(fault.start) - now())}`;
    }
    if (fault.state === 'paused') {
        return fault.duration ? `${span(parseDuration(fault.duration) ?? 0)} left` : 'no end';
    }
    return fault.end ? countdown(Date.parse(fault.end) - now()) : 'no end';
}

export function faultChip(fault) {
    return html`<span class="chip ${fault.state}" title=${[fault.id, fault.author, fault.reason].filter(Boolean).join(' · ')}>
        <b>${summary(fault)}</b><span class="left" aria-label="time left">${timeLeft(fault)}</span>${readMark(fault)}</span>`;
}

export function labels(device) {
    const all = Object.entries(device.labels);
    return all.length === 0 ? nothing : html`<span class="labels">${all.map(([name, value]) =>
        html`<span class="label">${name}=${value}</span>`)}</span>`;
}

export function since(time) {
    return time ? html`<time datetime=${time} title=${time}>${ago(time, now())}</time>` : html`<span class="faint">never</span>`;
}
