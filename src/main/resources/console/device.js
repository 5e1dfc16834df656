// The page of one device.

import { html, nothing } from './lit-html/lit-html.js';
import { repeat } from './lit-html/directives/repeat.js';
import { changed, mainClock, now, refreshDevice, state, ticking } from './store.js';
import { expire, mayChange, pause, restore, revert, summary } from './actions.js';
import { faultForm, newForm } from './faultform.js';
import { deviceState, labels, readMark, since, timeLeft } from './parts.js';
import { plot } from './plot.js';
import { eventRow } from './timeline.js';
import { countdown, moment, offset, reading } from './time.js';

const MINUTES = [1, 5, 15];
const EVENTS = 12;

let view = null;

/** Begins to watch a device. */
export function openDevice(name) {
    view = { name, form: newForm(name), clock: null, minutes: null, isMissing: false };
    state.watched = name;
    refreshDevice(name).catch(failure => {
        view.isMissing = failure.status === 404;
        changed();
    });
}

export function closeDevice() {
    state.watched = null;
}

export function devicePage() {
    const device = state.devices.get(view.name);
    if (device === undefined) {
        return html`<p class="empty" role="status">${view.isMissing || state.isLoaded ? `There is no device ${view.name}.` : 'Loading…'}</p>`;
    }
    const clock = device.clocks.find(each => each.id === view.clock) ?? mainClock(device);
    const tick = ticking(device, clock);
    return html`
        <nav class="crumbs"><a href="#/">Devices</a></nav>
        <section class="hero device" aria-label="The device">
            <div class="title"><h1>${device.name}</h1><p>${deviceState(device)}${labels(device)}</p></div>
            ${bigTime('True time', reading(clock.type, tick.trueNs))}
            ${bigTime('Served time', reading(clock.type, tick.servedNs), tick.offsetNs === 0 ? '' : 'far')}
            <div class="now"><span class="eyebrow">Offset</span><span class="big ${tick.offsetNs === 0 ? '' : 'far'}" id="offset">${offset(tick.offsetNs)}</span>
                <span class="day">${clock.type}, clock ${clock.id}</span></div>
            ${mayChange() ? html`<div class="rescue"><button id="restore" class="restore"
                @click=${() => restore([device.name], device.name)}>Restore true time<small>${device.name}</small></button></div>` : nothing}
        </section>
        ${offsets(device, clock)}
        <div class="columns">
            <div>${faults(device)}${mayChange() ? html`<section class="card"><h2>Inject a fault</h2>${faultForm(view.form, device)}</section>` : nothing}</div>
            <div>${clocks(device)}${alarms(device)}${connection(device)}${events(device)}</div>
        </div>`;
}

function bigTime(title, { day, time }, kind = '') {
    return html`<div class="now"><span class="eyebrow">${title}</span><time class=${kind}>${time}</time><span class="day">${day}</span></div>`;
}

function offsets(device, clock) {
    const at = device.clocks.indexOf(clock);
    const preview = view.form.preview;
    const past = view.minutes ?? enough(device);
    return html`<section class="card" aria-label="Offset over time">
        <header><h2>Offset of clock ${clock.id}, ${clock.type}</h2>
            <div class="filters" role="group" aria-label="How much of the past">${MINUTES.map(minutes => html`<button class="filter"
                aria-pressed=${past === minutes} @click=${() => set({ minutes })}>${minutes} min</button>`)}</div></header>
        ${plot({
            past: device.samples.map(sample => [sample.ms, sample.offsets[at] ?? null]),
            future: preview ? preview.samples.map(sample => [Date.parse(sample.at), sample.clocks[at].offsetNs ?? null]) : [],
            nowMs: now(), pastMs: past * 60_000, label: `Offset of clock ${clock.id} of ${device.name}`,
        })}
        <p class="hint legend"><span><i class="key"></i>seen since the console was opened</span>
            ${preview ? html`<span><i class="key future"></i>the dry run</span>` : nothing}</p></section>`;
}

/** How many minutes hold what was seen. */
function enough(device) {
    const seenMs = now() - device.samples[0].ms;
    return MINUTES.find(minutes => minutes * 60_000 >= seenMs) ?? MINUTES.at(-1);
}

function set(change) {
    Object.assign(view, change);
    changed();
}

function faults(device) {
    return html`<section class="card" aria-label="Faults"><h2>Faults <span class="number">${device.faults.length}</span></h2>
        ${device.faults.length === 0 ? html`<p class="faint">None: the guest is served true time.</p>` : html`<ul class="list" id="faults">
        ${repeat(device.faults, fault => fault.id, fault => html`<li>
            <div class="main"><b>${summary(fault)}</b> <span class="faint">${fault.id} · clocks ${fault.clocks.join(', ') || 'none'}</span>
                <p>${readMark(fault)} <span class="left">${fault.end || fault.state === 'pending' || fault.state === 'paused' ? timeLeft(fault) : 'until it is reverted'}</span>
                    <span class="faint">since ${moment(fault.start, now())}${fault.author ? ` by ${fault.author}` : ''}</span></p>
                ${fault.reason ? html`<p class="reason">${fault.reason}</p>` : nothing}
                ${fault.failure ? html`<p class="error">${fault.failure}</p>` : nothing}</div>
            ${mayChange() ? html`<div class="buttons">${fault.state === 'active' || fault.state === 'paused'
                ? html`<button class="plain" @click=${() => pause(device.name, fault)}>${fault.state === 'paused' ? 'Resume' : 'Pause'}<span
                    class="hidden"> ${fault.id}</span></button>` : nothing}
                <button class="plain" @click=${() => revert(device.name, fault)}>Revert<span class="hidden"> ${fault.id}</span></button></div>` : nothing}
        </li>`)}</ul>`}</section>`;
}

function clocks(device) {
    return html`<section class="card" aria-label="Clocks"><h2>Clocks</h2><div class="scroll"><table class="clocks"><thead><tr><th>Clock</th>
        <th>Served</th><th>Offset</th><th>Reads</th><th>Last minute</th><th>Last read</th></tr></thead><tbody>${device.clocks.map(clock => {
        const tick = ticking(device, clock);
        return html`<tr aria-selected=${clock === (device.clocks.find(each => each.id === view.clock) ?? mainClock(device))}>
            <td><button class="link" title="Plot this clock" @click=${() => set({ clock: clock.id })}>${clock.id}: ${clock.type}</button></td>
            <td><time>${reading(clock.type, tick.servedNs).time}</time></td><td class=${tick.offsetNs === 0 ? 'zero' : 'far'}>${offset(tick.offsetNs)}</td>
            <td>${clock.reads.toLocaleString('en')}</td><td>${clock.readsLastMinute.toLocaleString('en')}</td><td>${since(clock.lastRead)}</td></tr>`;
    })}</tbody></table></div></section>`;
}

function alarms(device) {
    const all = state.alarms.get(device.name) ?? [];
    return html`<section class="card" aria-label="Alarms"><h2>Pending alarms</h2>${all.length === 0 ? html`<p class="faint">None.</p>` : html`<ul class="list">
        ${all.map(alarm => html`<li><div class="main"><b>${alarm.trueDue ? `in ${countdown(Date.parse(alarm.trueDue) - now())}` : 'never due'}</b>
            <span class="faint">clock ${alarm.clock}, ${alarm.type}; due when it shows ${alarm.due}; waits for ${alarm.waitingFor}</span></div>
            ${mayChange() ? html`<button class="plain" @click=${() => expire(device.name, alarm)}>Expire now</button>` : nothing}</li>`)}</ul>`}</section>`;
}

function connection(device) {
    const rings = device.rings ?? [];
    return html`<section class="card" aria-label="Connection"><h2>Connection</h2><dl class="facts">
        ${fact('Guest', device.obstacle ? `can read no clock: ${device.obstacle}` : device.state === 'running' ? 'can read its clocks' : null)}
        ${fact('Front-end', device.peer ? `process ${device.peer.pid}, user ${device.peer.uid}` : 'none')}
        ${fact('Socket', device.socket)}
        ${rings.map(ring => fact(ring.name, `${ring.broken ? 'broken' : ring.started ? 'started' : 'stopped'}, ${ring.size} entries`))}
        ${fact('Features', device.features?.join(', '))}
        ${fact('Cross-timestamps', device.crossTimestamps.supported ? 'yes' : `no: ${device.crossTimestamps.reason}`)}
        ${fact('Guest errors', `${device.counters.protocolErrors} protocol, ${device.counters.ringErrors} ring`)}</dl></section>`;
}

function fact(name, text) {
    return text ? html`<div><dt>${name}</dt><dd>${text}</dd></div>` : nothing;
}

function events(device) {
    const all = state.events.filter(event => event.device === device.name).slice(0, EVENTS);
    return html`<section class="card" aria-label="Events"><h2>Events</h2>${all.length === 0 ? html`<p class="faint">None.</p>`
        : html`<ol class="timeline">${all.map(event => eventRow(event, false))}</ol>`}</section>`;
}
