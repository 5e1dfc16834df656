// The form for a fault of any kind: filled in, previewed by a dry run, then applied to just the version that was previewed.

import { html, nothing } from './lit-html/lit-html.js';
import { live } from './lit-html/directives/live.js';
import { devicePath, get, Problem, send, withQuery } from './api.js';
import { changed, now, refreshDevice, state } from './store.js';
import { failed, told } from './actions.js';
import { notify } from './dialogs.js';
import { ago, offset, parseDuration, span } from './time.js';

const MEANINGS = {
    step: 'The clocks are off by the offset.',
    set: 'The clocks show that UTC, and run on from there.',
    drift: 'The clocks gain, or with a negative rate lose, so many billionths of the elapsed time.',
    slew: 'The clocks move to the offset at that rate, and stay there.',
    freeze: 'The clocks stand still.',
    jitter: 'The clocks are off by up to the range to either side, drawn again each interval.',
    strobe: 'The clocks are off by the delta for one period, right for the next, and so on.',
    'leap-second': 'The clocks have a leap second at the end of that month.',
};
const EXAMPLES = { offset: '-5m', time: '2030-12-31T23:59:50Z', ratePpb: '100000', range: '50ms', interval: '1s', seed: '0',
    delta: '1h', period: '10s', month: '2030-12' };
const POINTS = 241;
const MINUTE_NS = 6e10;

let kinds = [];

/** The kinds of faults that the service has. */
export async function loadKinds() {
    kinds = await get('console/kinds.json', { base: '' });
}

/** What is in the form of a device. */
export function newForm(device) {
    return { device, type: 'step', values: {}, clock: '', start: '', duration: '', reason: '', errors: {}, general: null,
        preview: null, isBusy: false, etag: null, seenAt: null, conflict: null };
}

function kind(form) {
    return kinds.find(each => each.name === form.type);
}

/** The request, or null after the fields that cannot be sent have been marked. */
function body(form) {
    form.errors = {};
    const request = { type: form.type };
    for (const member of kind(form).members) {
        const text = (form.values[member.name] ?? '').trim();
        if (member.type === 'number' && text !== '') {
            const number = Number(text);
            if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(number)) {
                form.errors[member.name] = 'a whole number is needed';
            }
            request[member.name] = number;
        } else if (text !== '') {
            request[member.name] = text;
        } else if (member.default === undefined) {
            form.errors[member.name] = 'this is needed';
        }
    }
    if (form.clock !== '') {
        request.clock = Number(form.clock);
    }
    for (const name of ['start', 'duration', 'reason']) {
        if (form[name].trim() !== '') {
            request[name] = form[name].trim();
        }
    }
    return Object.keys(form.errors).length === 0 ? request : null;
}

/** How far the preview looks ahead, so that the end of the fault is in it. */
function reach(form) {
    const ns = name => parseDuration((form.values[name] ?? '').trim());
    const delay = form.start === '' ? 0 : Math.max(0, (Date.parse(form.start) - now()) * 1e6 || 0);
    const length = parseDuration(form.duration.trim());
    let over = MINUTE_NS;
    if (length > 0) {
        over = length * 1.25;
    } else if (form.type === 'slew') {
        over = Math.abs(ns('offset') ?? 0) / (Number(form.values.ratePpb) || 1) * 1e9 * 1.25;
    } else if (form.type === 'drift') {
        over = 10 * MINUTE_NS;
    } else if (form.type === 'strobe') {
        over = (ns('period') ?? 0) * 6;
    } else if (form.type === 'jitter') {
        over = (ns('interval') ?? 0) * 60;
    }
    return Math.min(Math.max(1e9, delay + (over || MINUTE_NS)), 36_500 * 864e11);
}

async function preview(form) {
    const request = body(form);
    form.preview = null;
    form.conflict = null;
    form.general = null;
    if (request === null) {
        return focusError(form);
    }
    await busy(form, async () => {
        const device = await refreshDevice(form.device);
        const over = reach(form);
        const query = { dryRun: true, over: `${(over / 1e9).toFixed(9)}s`, points: POINTS };
        const response = await send('POST', withQuery(devicePath(form.device, 'faults'), query), { body: request });
        form.preview = { ...await response.json(), over, request };
        form.etag = device.etag;
        form.seenAt = now();
    });
}

async function apply(form) {
    await busy(form, async () => {
        const response = await send('POST', devicePath(form.device, 'faults'),
            { body: form.preview.request, headers: { 'If-Match': form.etag } });
        const fault = await response.json();
        notify([`${form.device}: ${fault.id} is injected.`, ...fault.warnings ?? []].join(' '));
        Object.assign(form, newForm(form.device), { type: form.type });
        await refreshDevice(form.device);
    });
}

async function busy(form, work) {
    form.isBusy = true;
    changed();
    try {
        await work();
    } catch (failure) {
        if (!(failure instanceof Problem)) {
            form.general = 'The service cannot be reached.';
        } else if (failure.status === 412) {
            form.conflict = conflict(form);
            form.preview = null;
            refreshDevice(form.device).catch(() => {});
        } else {
            show(form, failure);
        }
    } finally {
        form.isBusy = false;
        changed();
    }
    if (Object.keys(form.errors).length > 0) {
        focusError(form);
    }
}

/** Puts each error at its field, and others above the buttons. */
function show(form, problem) {
    const fields = new Set([...kind(form).members.map(member => member.name), 'clock', 'start', 'duration', 'reason']);
    const others = [];
    for (const { field, detail, message } of problem.errors) {
        const name = field.replace(/Ns$/, '');
        if (fields.has(name)) {
            form.errors[name] = detail ?? message;
        } else {
            others.push(`${field}: ${detail ?? message}`);
        }
    }
    form.general = problem.errors.length === 0 ? problem.message : others.join('; ') || null;
}

/** What happened to the device since the preview. */
function conflict(form) {
    return state.events.filter(event => event.device === form.device && Date.parse(event.time) >= form.seenAt - 1_000
        && !event.type.startsWith('alarm') && !event.type.endsWith('connected'));
}

function focusError(form) {
    changed();
    requestAnimationFrame(() => document.querySelector(`#fault-form [aria-invalid="true"]`)?.focus());
}

/** Forgets the preview, as it is of other values. */
function edit(form, change) {
    Object.assign(form, change, { preview: null, conflict: null, general: null });
    changed();
}

export function faultForm(form, device) {
    const it = kind(form);
    if (it === undefined) {
        return html`<p class="empty">Loading…</p>`;
    }
    return html`<form id="fault-form" novalidate @submit=${event => {
        event.preventDefault();
        (form.preview === null ? preview : apply)(form).catch(failed);
    }}>
        <div class="kinds" role="radiogroup" aria-label="Type of fault">${kinds.map(each => html`
            <label class="kind"><input type="radio" name="type" value=${each.name} .checked=${live(each.name === form.type)}
                @change=${() => edit(form, { type: each.name, values: {}, errors: {} })}><span>${each.name}</span></label>`)}</div>
        <p class="hint">${MEANINGS[form.type] ?? ''}</p>
        <div class="fields">
            ${it.members.map(member => memberField(form, member))}
            ${select(form, 'clock', 'Clock', [['', 'all but monotonic'], ...device.clocks.map(clock => [String(clock.id), `${clock.id}: ${clock.type}`])])}
            ${text(form, 'start', 'Start', 'now, or 2030-12-31T23:59:00Z')}
            ${text(form, 'duration', 'Duration', 'until it is reverted, or 10m')}
            ${text(form, 'reason', 'Reason', 'CHG-1234', 'wide')}
        </div>
        ${form.general ? html`<p class="problem" role="alert">${form.general}</p>` : nothing}
        ${form.conflict ? conflictNote(form) : nothing}
        ${form.preview ? previewNote(form, device) : nothing}
        <div class="actions">
            ${form.preview ? html`<button type="button" class="plain" @click=${() => edit(form, {})}>Change it</button>` : nothing}
            <button class="primary" ?disabled=${form.isBusy}>${form.preview === null ? 'Preview' : 'Apply'}</button>
        </div>
    </form>`;
}

function memberField(form, member) {
    if (member.choices.length > 0) {
        form.values[member.name] ??= member.choices[0];
        return select(form, member.name, member.name, member.choices.map(choice => [choice, choice]), member);
    }
    return text(form, member.name, member.name, `${EXAMPLES[member.name] ?? member.range}`, '', member);
}

function text(form, name, title, placeholder, kindOfField = '', member = null) {
    return field(form, name, title, kindOfField, member, html`<input id="f-${name}" name=${name} autocomplete="off" spellcheck="false"
        placeholder=${placeholder} .value=${live(value(form, name, member))} aria-invalid=${form.errors[name] ? 'true' : 'false'}
        aria-describedby="f-${name}-note" @input=${event => put(form, name, member, event.target.value)}>`);
}

function select(form, name, title, choices, member = null) {
    return field(form, name, title, '', member, html`<select id="f-${name}" name=${name} aria-invalid=${form.errors[name] ? 'true' : 'false'}
        aria-describedby="f-${name}-note" @change=${event => put(form, name, member, event.target.value)}>${choices.map(([key, shown]) =>
        html`<option value=${key} .selected=${key === value(form, name, member)}>${shown}</option>`)}</select>`);
}

function field(form, name, title, kindOfField, member, input) {
    const error = form.errors[name];
    const hint = member?.name === 'ratePpb' && Number(form.values.ratePpb) ? `${offset(Number(form.values.ratePpb))} a second` : member?.meaning;
    return html`<div class="field ${kindOfField}"><label for="f-${name}">${title}${member && member.default === undefined
        ? html`<span class="needed" aria-hidden="true"> *</span>` : nothing}</label>${input}
        <span id="f-${name}-note" class=${error ? 'error' : 'hint'}>${error ?? hint ?? ''}</span></div>`;
}

function value(form, name, member) {
    return member ? form.values[name] ?? '' : form[name];
}

function put(form, name, member, given) {
    delete form.errors[name];
    edit(form, member ? { values: { ...form.values, [name]: given } } : { [name]: given });
}

function previewNote(form, device) {
    const last = form.preview.samples.at(-1);
    const first = form.preview.samples[0];
    return html`<div class="preview" role="status"><h3>Dry run over ${span(form.preview.over)}</h3>
        <table><thead><tr><th>Clock</th><th>At the start</th><th>At the end</th></tr></thead><tbody>${device.clocks.map((clock, i) => html`
            <tr><td>${clock.id}: ${clock.type}</td><td>${offset(first.clocks[i]?.offsetNs)}</td><td>${offset(last.clocks[i]?.offsetNs)}</td></tr>`)}
        </tbody></table>
        <p class="hint">The plot shows it dashed. Nothing has been changed yet.${device.state === 'running' && !device.obstacle ? ''
            : ` No guest can read this device now (${device.obstacle ?? device.state}): it will be seen when one does.`}</p></div>`;
}

function conflictNote(form) {
    return html`<div class="problem" role="alert"><b>${form.device} was changed since your preview; nothing was applied.</b>
        <ul>${form.conflict.length === 0 ? html`<li>The event that says by whom has not arrived.</li>` : form.conflict.map(event => html`
            <li>${told(event)}${event.detail ? html` (${event.detail})` : nothing}, ${ago(event.time, now())}</li>`)}</ul>
        <p>Preview again to see the fault on top of that.</p></div>`;
}
