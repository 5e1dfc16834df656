// The page of all devices: a list of which only the rows in sight exist.

import { html, nothing } from './lit-html/lit-html.js';
import { repeat } from './lit-html/directives/repeat.js';
import { live } from './lit-html/directives/live.js';
import { changed, lastRead, mainClock, now, state, ticking, worstClock } from './store.js';
import { mayChange, restore } from './actions.js';
import { deviceState, faultChip, labels, since } from './parts.js';
import { countdown, offset, reading } from './time.js';

const FILTERS = {
    all: ['All', () => true],
    faulty: ['With faults', device => device.faults.length > 0],
    unread: ['Not read since', device => device.faults.some(fault => fault.state === 'active' && fault.neverRead)],
    waiting: ['No VM', device => device.state === 'waiting' || device.state === 'connecting'],
    failed: ['Failed', device => device.state === 'failed'],
};
const SPARE_ROWS = 6;
const CHIPS = 2;
const SMALL = matchMedia('(max-width: 760px)');

const view = { query: '', filter: 'all', selected: new Set(), top: 0, height: innerHeight, focused: null };

addEventListener('scroll', changed, { passive: true });
addEventListener('resize', changed, { passive: true });

/** A search: name=value is a label, anything else a part of the device's name. All have to match. */
function matcher(query) {
    const all = terms(query);
    return device => all.every(term => {
        const at = term.indexOf('=');
        return at < 0 ? device.name.toLowerCase().includes(term.toLowerCase()) : device.labels[term.slice(0, at)] === term.slice(at + 1);
    });
}

function terms(query) {
    return query.split(/[\s,]+/).filter(term => term !== '');
}

function shown() {
    const matches = matcher(view.query);
    const [, filter] = FILTERS[view.filter];
    return [...state.devices.values()].filter(device => filter(device) && matches(device));
}

export function listPage() {
    const devices = shown();
    for (const name of view.selected) {
        if (!state.devices.has(name)) {
            view.selected.delete(name);
        }
    }
    return html`
        <section class="hero" aria-label="Overview">
            ${trueTime()}${counts()}
            ${mayChange() ? restoreButton(devices) : nothing}
        </section>
        <section class="tools" aria-label="Search">
            <input id="search" type="search" placeholder="Name, or label as team=payments   ( / )" aria-label="Search devices"
                maxlength="512" spellcheck="false" .value=${live(view.query)} @input=${event => set({ query: event.target.value })}>
            <div class="filters" role="group" aria-label="Filter">${Object.entries(FILTERS).map(([key, [title]]) => html`
                <button class="filter" aria-pressed=${view.filter === key} @click=${() => set({ filter: key })}>${title}</button>`)}
            </div>
        </section>
        ${rows(devices)}`;
}

function set(change) {
    Object.assign(view, change);
    changed();
}

function trueTime() {
    const { day, time } = reading('utc', now() * 1e6);
    return html`<div class="now"><span class="eyebrow">True time, UTC</span>
        <time id="true-time">${time}</time><span class="day">${day}</span></div>`;
}

function counts() {
    const all = [...state.devices.values()];
    const off = all.filter(device => device.clocks.some(clock => clock.offsetNs !== 0));
    const faulty = all.filter(FILTERS.faulty[1]);
    const unread = all.filter(FILTERS.unread[1]);
    const alarms = [...state.alarms.values()].reduce((sum, each) => sum + each.length, 0);
    return html`<dl class="counts">
        ${count(all.length, all.length === 1 ? 'device' : 'devices')}
        ${count(all.filter(device => device.state === 'running').length, 'running')}
        ${count(off.length, 'off true time', off.length > 0 ? 'warn' : '')}
        ${count(faulty.length, 'with faults', faulty.length > 0 ? 'warn' : '')}
        ${count(unread.length, 'not read since', unread.length > 0 ? 'warn' : '')}
        ${count(alarms, alarms === 1 ? 'alarm' : 'alarms')}
    </dl>`;
}

function count(number, what, kind = '') {
    return html`<div class="count ${kind}"><dt>${what}</dt><dd>${number}</dd></div>`;
}

/** For what is selected, else for what is shown. */
function restoreButton(devices) {
    const isFiltered = devices.length < state.devices.size;
    const names = view.selected.size > 0 ? [...view.selected] : devices.map(device => device.name);
    const scope = view.selected.size > 0
        ? `${names.length} selected`
        : names.length === 1 ? names[0] : `${isFiltered ? 'the' : 'all'} ${names.length} devices${isFiltered ? ' shown' : ''}`;
    return html`<div class="rescue"><button id="restore" class="restore" ?disabled=${names.length === 0}
        @click=${() => restore(names, scope, selector())}>Restore true time<small>${names.length === 0 ? 'no device' : scope}</small></button></div>`;
}

/** The labels that select what is shown, if labels alone do: the service then finds the devices itself. */
function selector() {
    const all = terms(view.query);
    return view.selected.size === 0 && view.filter === 'all' && all.every(term => term.includes('=')) ? all : null;
}

function rows(devices) {
    if (!state.isLoaded) {
        return html`<p class="empty" role="status">${state.failure ? state.failure.message : 'Loading…'}</p>`;
    }
    if (devices.length === 0) {
        return html`<p class="empty" role="status">${state.devices.size === 0
            ? 'There is no device yet.'
            : `No device matches${view.query === '' ? ' the filter' : ` “${view.query}”`}.`}</p>`;
    }
    const size = SMALL.matches ? 160 : 58;
    const list = document.getElementById('rows');
    const above = list === null ? 0 : Math.max(0, -list.getBoundingClientRect().top);
    const first = Math.max(0, Math.floor(above / size) - SPARE_ROWS);
    const last = Math.min(devices.length, Math.ceil((above + innerHeight) / size) + SPARE_ROWS);
    const isAll = devices.every(device => view.selected.has(device.name));
    return html`<div class="table" role="table" aria-label="Devices" aria-rowcount=${devices.length + 1} @keydown=${onKey}>
        <div class="row head" role="row" aria-rowindex="1">
            <span role="columnheader">${mayChange() ? html`<input type="checkbox" aria-label="Select all that are shown" .checked=${live(isAll)}
                @change=${event => selectAll(devices, event.target.checked)}>` : html`<span class="hidden">Selected</span>`}</span>
            <span role="columnheader">Device</span><span role="columnheader">State</span><span role="columnheader">Served time</span>
            <span role="columnheader">Offset</span><span role="columnheader">Faults</span><span role="columnheader">Next alarm</span>
            <span role="columnheader">Last read</span>
        </div>
        <div id="rows" role="rowgroup" .style=${`height: ${devices.length * size}px`}>
            ${repeat(devices.slice(first, last), device => device.name, (device, i) => row(device, first + i, size))}
        </div></div>`;
}

function selectAll(devices, isSelected) {
    devices.forEach(device => select(device.name, isSelected));
}

function select(name, isSelected) {
    if (isSelected) {
        view.selected.add(name);
    } else {
        view.selected.delete(name);
    }
    changed();
}

function row(device, at, size) {
    const clock = mainClock(device);
    const tick = ticking(device, clock);
    const served = reading(clock.type, tick.servedNs);
    const worst = worstClock(device);
    const off = worst === clock ? tick.offsetNs : ticking(device, worst).offsetNs;
    return html`<div class="row" role="row" aria-rowindex=${at + 2} .style=${`transform: translateY(${at * size}px)`}>
        <span role="cell" class="pick">${mayChange() ? html`<input type="checkbox" aria-label="Select ${device.name}"
            .checked=${live(view.selected.has(device.name))} @change=${event => select(device.name, event.target.checked)}>` : nothing}</span>
        <span role="cell" class="who"><a href="#/devices/${device.name}">${device.name}</a>${labels(device)}</span>
        <span role="cell" class="what">${deviceState(device)}</span>
        <span role="cell" class="served" title="${clock.type}, clock ${clock.id}"><time>${served.time}</time><small>${served.day}</small></span>
        <span role="cell" class="off ${off === 0 ? 'zero' : 'far'}">${offset(off)}</span>
        <span role="cell" class="faults">${device.faults.slice(0, CHIPS).map(faultChip)}${device.faults.length > CHIPS
            ? html`<a class="more" href="#/devices/${device.name}">+${device.faults.length - CHIPS} more</a>` : nothing}${
            device.faults.length === 0 ? html`<span class="faint">none</span>` : nothing}</span>
        <span role="cell" class="alarm">${nextAlarm(device.name)}</span>
        <span role="cell" class="last">${since(lastRead(device))}</span>
    </div>`;
}

function nextAlarm(name) {
    const [alarm] = state.alarms.get(name) ?? [];
    if (!alarm) {
        return html`<span class="faint">none</span>`;
    }
    return alarm.trueDue ? `in ${countdown(Date.parse(alarm.trueDue) - now())}` : 'never due';
}

/** Arrows go from device to device. */
function onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.target.type === 'search') {
        return;
    }
    const links = [...event.currentTarget.querySelectorAll('.who a')];
    const here = event.target.closest('.row')?.querySelector('.who a');
    const next = links[links.indexOf(here) + step];
    if (next) {
        event.preventDefault();
        next.focus();
        next.scrollIntoView({ block: 'nearest' });
    }
}
