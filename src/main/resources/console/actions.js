// What an operator can do with one click. Each says what became of it.

import { devicePath, Problem, send, withQuery } from './api.js';
import { confirm, notify } from './dialogs.js';
import { refresh, refreshDevice, state } from './store.js';
import { html } from './lit-html/lit-html.js';
import { offset } from './time.js';

const AT_ONCE = 6;

export function mayChange() {
    return state.caller?.mayChange === true;
}

/** What an event says about a fault or an alarm, with who did it. */
export function told(event) {
    return `${event.actor ?? 'the service'}: ${event.type} ${event.fault ?? ''}`.trim();
}

export function failed(failure) {
    notify(failure.message, 'failed');
}

/** What an answer warns of: why the effect may not be seen, or what was not written. */
async function warned(response) {
    const answer = response.status === 204 ? {} : await response.json();
    return (answer.warnings ?? []).map(warning => ` ${warning}`).join('');
}

/** Has a call made for each name, some at once; one that is told to wait waits. Answers what failed, by name. */
async function forEach(names, call) {
    const left = [...names];
    const failures = new Map();
    const work = async () => {
        for (let name; (name = left.shift()) !== undefined;) {
            try {
                await patiently(() => call(name));
            } catch (failure) {
                failures.set(name, failure);
            }
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return failures;
}

async function patiently(call) {
    for (let attempt = 1; ; attempt++) {
        try {
            return await call();
        } catch (failure) {
            if (!(failure instanceof Problem) || failure.status !== 429 || attempt === 5) {
                throw failure;
            }
            await new Promise(resolve => {
                setTimeout(resolve, 1_000 * (failure.retryAfter || 1));
            });
        }
    }
}

/**
 * Restores true time.
 *
 * @param names of the devices
 * @param scope what they are, in words
 * @param selector the labels that select just these devices, none for all devices; null if labels do not
 */
export async function restore(names, scope, selector = null) {
    const faults = names.reduce((sum, name) => sum + (state.devices.get(name)?.faults.length ?? 0), 0);
    if (names.length > 1 && !await confirm({
        title: `Restore true time for ${scope}?`,
        text: `This reverts all faults, ${faults} of them as far as this page knows, at once. Guests see true time when they next read a clock.`,
        action: 'Restore true time',
        details: names.length <= 8 ? html`<p class="names">${names.join(', ')}</p>` : '',
    })) {
        return;
    }
    if (selector === null) {
        let warnings = '';
        const failures = await forEach(names, async name => {
            warnings = await warned(await send('DELETE', devicePath(name, 'faults'))) || warnings;
        });
        report(failures, `True time is restored for ${scope}.${names.length === 1 ? warnings : ''}`, 'True time is not restored for');
    } else {
        await restoreFleet(selector, scope);
    }
    refresh();
}

/** At once, by the service: also for devices that this page does not know yet. */
async function restoreFleet(labels, scope) {
    try {
        const response = await send('DELETE', withQuery('faults', labels.length > 0 ? { label: labels } : {}));
        notify(`True time is restored for ${scope}.${await warned(response)}`);
    } catch (failure) {
        failed(failure);
    }
}

function report(failures, done, not) {
    if (failures.size === 0) {
        notify(done);
    } else {
        const [[name, failure]] = failures;
        notify(`${not} ${failures.size === 1 ? name : `${failures.size} devices, ${name} among them`}: ${failure.message}`, 'failed');
    }
}

export async function revert(device, fault) {
    try {
        const response = await send('DELETE', devicePath(device, 'faults', fault.id));
        notify(`${device}: ${fault.id} is reverted.${await warned(response)}`);
    } catch (failure) {
        const by = state.events.find(event => event.device === device && event.fault === fault.id
            && (event.type === 'fault-reverted' || event.type === 'fault-ended'));
        notify(failure instanceof Problem && failure.status === 404 && by
            ? `${device}: ${fault.id} is gone already. ${told(by)}` : failure.message, 'failed');
    }
    await refreshDevice(device).catch(() => {});
}

/** Pauses a fault, or resumes it. */
export async function pause(device, fault) {
    const verb = fault.state === 'paused' ? 'resume' : 'pause';
    try {
        await send('POST', devicePath(device, 'faults', fault.id, verb));
        notify(`${device}: ${fault.id} is ${verb}d.`);
    } catch (failure) {
        failed(failure);
    }
    await refreshDevice(device).catch(() => {});
}

export async function expire(device, alarm) {
    try {
        await send('POST', devicePath(device, 'alarms', alarm.clock, 'expire'));
        notify(`${device}: the alarm of clock ${alarm.clock} has expired.`);
    } catch (failure) {
        failed(failure);
    }
    refresh();
}

/** A fault in a few words: step −5 min. */
export function summary(fault) {
    switch (fault.type) {
        case 'step': return `step ${offset(fault.offsetNs)}`;
        case 'slew': return `slew ${offset(fault.offsetNs)}`;
        case 'drift': return `drift ${offset(fault.ratePpb)}/s`;
        case 'set': return `set ${String(fault.time).replace('T', ' ').replace('Z', '')}`;
        case 'jitter': return `jitter ±${offset(fault.rangeNs).slice(1) || '0'}`;
        case 'strobe': return `strobe ${offset(fault.deltaNs)}`;
        case 'leap-second': return `leap second ${fault.month}`;
        default: return fault.type;
    }
}
