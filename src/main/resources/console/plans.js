// Plans: those that there are, the items of one, and a form to run another.

import { html, nothing } from './lit-html/lit-html.js';
import { live } from './lit-html/directives/live.js';
import { get, Problem, send, withQuery } from './api.js';
import { changed, now } from './store.js';
import { failed, mayChange, summary } from './actions.js';
import { notify } from './dialogs.js';
import { moment, parseDuration, span } from './time.js';

const REFRESH_MS = 2_000;
const SHOWN = 200;
const EXAMPLE = JSON.stringify({
    name: 'skew, then jitter',
    steps: [
        { label: ['team=payments'], percent: 50, fault: { type: 'step', offset: '-5m', duration: '10m', reason: 'CHG-1234' } },
        { at: '1m', jitter: '10s', devices: ['vm0'], fault: { type: 'jitter', range: '50ms', interval: '1s', duration: '5m' } },
    ],
}, null, 2);

const view = { id: null, plans: null, plan: null, text: EXAMPLE, problem: null, schedule: null, isOpen: false, shown: SHOWN, failure: null };
let visit = 0;

/** Begins to follow the plans, or one of them. */
export async function openPlans(id) {
    const mine = ++visit;
    Object.assign(view, { id, plan: null, failure: null, shown: SHOWN });
    while (mine === visit) {
        await load(id).catch(failure => {
            view.failure = failure;
        });
        changed();
        await new Promise(resolve => {
            setTimeout(resolve, REFRESH_MS);
        });
    }
}

export function closePlans() {
    visit++;
}

async function load(id) {
    if (id === null) {
        view.plans = await get('plans');
    } else {
        view.plan = await get(`plans/${encodeURIComponent(id)}`);
    }
    view.failure = null;
}

export function plansPage() {
    return view.id === null ? list() : one();
}

function list() {
    return html`<header class="page"><h1>Plans</h1>${mayChange() ? html`<button class="primary" aria-expanded=${view.isOpen}
            @click=${() => set({ isOpen: !view.isOpen })}>Run a plan</button>` : nothing}</header>
        ${view.isOpen && mayChange() ? form() : nothing}
        <section class="card">${view.plans === null ? html`<p class="empty">${view.failure?.message ?? 'Loading…'}</p>`
            : view.plans.length === 0 ? html`<p class="empty">No plan is known.</p>`
                : html`<ul class="list">${view.plans.toReversed().map(plan => html`<li><div class="main">
                    <a href="#/plans/${plan.id}"><b>${plan.name ?? plan.id}</b></a> <span class="state ${STATES[plan.state]}">${plan.state}</span>
                    <p class="faint">${plan.id} · ${when(plan)}</p>${progress(plan)}</div></li>`)}</ul>`}</section>`;
}

const STATES = { running: 'good', waiting: 'info', completed: 'idle', stopped: 'bad' };

function when(plan) {
    const start = `${plan.occurrences === 0 ? 'created' : 'began'} ${moment(plan.start, now())}, by ${plan.author}`;
    return plan.schedule
        ? [start, `schedule ${plan.schedule} (${plan.timeZone})`, plan.until && `until ${moment(plan.until, now())}`,
            plan.next && `next run ${moment(plan.next, now())}`, `${plan.occurrences} runs so far`,
            plan.skippedReason && `${plan.skipped} skipped: ${plan.skippedReason}`].filter(Boolean).join('; ')
        : start;
}

function progress(plan) {
    return html`<p>${['pending', 'injected', 'failed', 'reverted', 'cancelled', 'missed', 'active'].filter(name => plan[name] > 0)
        .map(name => html`<span class="mark ${name}">${plan[name]} ${name}</span> `)}<span class="faint">of ${plan.total}</span></p>`;
}

function one() {
    const plan = view.plan;
    if (plan === null) {
        return html`<p class="empty" role="status">${view.failure?.message ?? 'Loading…'}</p>`;
    }
    return html`<nav class="crumbs"><a href="#/plans">Plans</a></nav>
        <header class="page"><h1>${plan.name ?? plan.id} <span class="state ${STATES[plan.state]}">${plan.state}</span></h1>
            ${mayChange() ? html`<div><button class="plain" @click=${() => forget(plan)}>Forget</button>
                <button class="primary" @click=${() => stop(plan)}>Stop, and revert its faults</button></div>` : nothing}</header>
        <section class="card"><p class="faint">${plan.id} · seed ${plan.seed} · ${when(plan)}</p>
            ${progress(plan)}${items(plan.items)}</section>`;
}

function items(all) {
    return html`<div class="scroll"><table><thead><tr><th>At</th><th>Step</th><th>Device</th><th>Fault</th><th>State</th></tr></thead>
        <tbody>${all.slice(0, view.shown).map(item => html`<tr><td>${span(parseDuration(item.at) ?? 0)}</td><td>${item.step}</td>
            <td><a href="#/devices/${item.device}">${item.device}</a></td><td>${summary(item)}${item.duration
            ? html` <span class="faint">for ${span(parseDuration(item.duration) ?? 0)}</span>` : nothing}</td>
            <td>${item.state ?? 'planned'}${item.active ? ', active' : ''}${item.reason ? html`<br><span class="error">${item.reason}</span>` : nothing}</td></tr>`)}
        </tbody></table></div>${all.length > view.shown ? html`<button class="plain" @click=${() => set({ shown: view.shown + SHOWN })}>
            Show more (${all.length - view.shown} left)</button>` : nothing}`;
}

function form() {
    return html`<section class="card"><form novalidate @submit=${event => {
        event.preventDefault();
        run(view.schedule === null);
    }}><div class="field wide"><label for="plan">The plan, in JSON</label><textarea id="plan" rows="14" spellcheck="false"
        aria-invalid=${view.problem ? 'true' : 'false'} aria-describedby="plan-note" .value=${live(view.text)}
        @input=${event => set({ text: event.target.value, schedule: null, problem: null })}></textarea>
        <span id="plan-note" class=${view.problem ? 'error' : 'hint'}>${view.problem ?? 'A fault for a number of devices is a plan of one step.'}</span></div>
        ${view.schedule ? html`<h3>Dry run: ${view.schedule.items.length} items</h3>${items(view.schedule.items)}` : nothing}
        <div class="actions"><button class="primary">${view.schedule === null ? 'Preview' : 'Run'}</button></div></form></section>`;
}

async function run(isDryRun) {
    try {
        const response = await send('POST', withQuery('plans', isDryRun ? { dryRun: true } : {}), { body: JSON.parse(view.text) });
        const plan = await response.json();
        if (isDryRun) {
            // The seed that was drawn is the one that is run.
            set({ schedule: plan, problem: null, text: JSON.stringify({ ...JSON.parse(view.text), seed: plan.seed }, null, 2) });
        } else {
            set({ schedule: null, isOpen: false });
            location.hash = `#/plans/${plan.id}`;
        }
    } catch (failure) {
        set({ schedule: null, problem: failure instanceof Problem
            ? [failure.message, ...failure.errors.map(({ field, detail }) => `${field}: ${detail}`)].join(' ')
            : failure instanceof SyntaxError ? `This is no JSON: ${failure.message}` : 'The service cannot be reached.' });
    }
}

async function stop(plan) {
    try {
        view.plan = await (await send('POST', `plans/${plan.id}/stop`)).json();
        notify(`${plan.id} is stopped, and its faults are reverted.`);
        changed();
    } catch (failure) {
        failed(failure);
    }
}

async function forget(plan) {
    try {
        await send('DELETE', `plans/${plan.id}`);
        location.hash = '#/plans';
    } catch (failure) {
        failed(failure);
    }
}

function set(change) {
    Object.assign(view, change);
    changed();
}
