// What the console knows of the service, and how it is kept up to date: one list of all devices in a while, and single
// devices as soon as an event names them. The list is never asked for device by device.

import { devicePath, get, Problem, send } from './api.js';
import { follow } from './events.js';

const LEAST_MS = 2_000;
const MS_A_DEVICE = 20;
const MOST_SINGLE = 8;
const SETTLE_MS = 100;
const SKEW_HOLDS_MS = 30_000;
const SLACK_MS = 500;
const EVENTS = 1_000;
const SAMPLES_MS = 16 * 60_000;

export const state = {
    devices: new Map(), alarms: new Map(), events: [], caller: null, host: null, health: null,
    /** connecting, live or lost; and what the last refresh failed with. */
    link: 'connecting', failure: null, isLoaded: false,
    /** The device that a page shows, which is asked for each second. */
    watched: null,
};

const listeners = new Set();
const touched = new Set();
let isScheduled = false;
let skewMs = 0;
/** The shortest call that the host's time was taken from, and when: the shorter, the better is the time known. */
let skewFrom = { tookMs: Infinity, at: 0 };
/** When the list was last asked for. */
let listedMs = Infinity;
let settle = null;
let wake = () => {};

export function onChange(listener) {
    listeners.add(listener);
}

export function changed() {
    if (!isScheduled) {
        isScheduled = true;
        requestAnimationFrame(() => {
            isScheduled = false;
            listeners.forEach(listener => listener());
        });
    }
}

/** The service's true time, UTC, in milliseconds. */
export function now() {
    return Date.now() + skewMs;
}

/** When a device's clocks were read: they say so themselves, as one of them shows UTC or TAI. */
function readAt(device) {
    const clock = device.clocks.find(each => each.type.startsWith('utc')) ?? device.clocks.find(each => each.type === 'tai');
    const leapMs = clock?.type === 'tai' ? (state.host?.taiOffset.seconds ?? 0) * 1000 : 0;
    return clock === undefined ? now() : Math.min(now(), clock.trueNs / 1e6 - leapMs);
}

/** A device as it was received, with what it takes to let its clocks tick on. */
function received(device) {
    const before = state.devices.get(device.name);
    const atMs = readAt(device);
    device.readAt = performance.now() - (now() - atMs);
    device.etag ??= null;
    device.samples = before?.samples ?? [];
    device.samples.push({ ms: atMs, offsets: device.clocks.map(clock => clock.offsetNs ?? null) });
    while (device.samples[0].ms < now() - SAMPLES_MS) {
        device.samples.shift();
    }
    return device;
}

/** A clock's present true and served reading, in nanoseconds: it goes on from the last one as its faults say. */
export function ticking(device, clock) {
    const elapsed = (performance.now() - device.readAt) * 1e6;
    const active = device.faults.filter(fault => fault.state === 'active' && clock.faults.includes(fault.id));
    const last = active.findLastIndex(fault => fault.type === 'freeze');
    const rate = active.slice(last + 1).filter(fault => fault.type === 'drift')
        .reduce((product, fault) => product * (1 + fault.ratePpb / 1e9), last < 0 ? 1 : 0);
    return {
        trueNs: clock.trueNs + elapsed,
        servedNs: clock.servedNs === undefined ? null : clock.servedNs + elapsed * rate,
        offsetNs: clock.offsetNs === undefined ? null : clock.offsetNs + elapsed * (rate - 1),
    };
}

/** The clock that stands for a device: the first that shows UTC. */
export function mainClock(device) {
    return device.clocks.find(clock => clock.type.startsWith('utc')) ?? device.clocks[0];
}

/** The clock that is off the most. */
export function worstClock(device) {
    return device.clocks.reduce((worst, clock) =>
        Math.abs(clock.offsetNs ?? Infinity) > Math.abs(worst.offsetNs ?? Infinity) ? clock : worst);
}

export function lastRead(device) {
    return device.clocks.map(clock => clock.lastRead).filter(Boolean).sort().at(-1) ?? null;
}

/** The device as it is now, with its entity tag. */
export async function refreshDevice(name) {
    try {
        const response = await send('GET', devicePath(name));
        const device = await response.json();
        device.etag = response.headers.get('ETag');
        state.devices.set(name, received(device));
        changed();
        return device;
    } catch (failure) {
        if (failure instanceof Problem && failure.status === 404) {
            state.devices.delete(name);
            state.watched = state.watched === name ? null : state.watched;
            changed();
        }
        throw failure;
    }
}

async function refreshHost() {
    const asked = Date.now();
    state.host = await get('host');
    const tookMs = Date.now() - asked;
    if (tookMs <= skewFrom.tookMs || asked - skewFrom.at > SKEW_HOLDS_MS) {
        skewFrom = { tookMs, at: asked };
        skewMs = Date.parse(state.host.now) - asked - tookMs / 2;
    }
}

async function refreshAll() {
    await Promise.all([refreshHost(), refreshHealth()]);
    listedMs = now();
    const [devices, alarms] = await Promise.all([get('devices'), get('alarms?pending=true')]);
    touched.clear();
    state.devices = new Map(devices.map(device => [device.name, received(device)]));
    state.alarms = Map.groupBy(alarms, alarm => alarm.device);
    state.isLoaded = true;
}

async function refreshHealth() {
    try {
        state.health = await get('health', { base: 'q/' });
    } catch (failure) {
        // A service that is not ready says so with 503.
        state.health = { status: failure instanceof Problem ? 'DOWN' : 'UNKNOWN', checks: [] };
    }
}

/** Asks for everything now. */
export function refresh() {
    wake();
}

function touch(name) {
    touched.add(name);
    settle ??= setTimeout(async () => {
        settle = null;
        const names = [...touched];
        touched.clear();
        if (names.length > MOST_SINGLE) {
            refresh();
        } else {
            await Promise.allSettled(names.map(refreshDevice));
        }
    }, SETTLE_MS);
}

function onEvent(event) {
    state.events.unshift(event);
    if (state.events.length > EVENTS) {
        state.events.pop();
    }
    // What happened before is in the list already.
    if (Date.parse(event.time) > listedMs - SLACK_MS && event.device) {
        if (event.type === 'device-created' || event.type === 'device-removed') {
            refresh();
        } else {
            touch(event.device);
        }
    }
    changed();
}

async function keepUpToDate() {
    for (;;) {
        const woken = new Promise(resolve => {
            wake = resolve;
        });
        if (!document.hidden) {
            try {
                await refreshAll();
                state.failure = null;
            } catch (failure) {
                state.failure = failure;
            }
            changed();
        }
        await Promise.race([woken, pause(Math.max(LEAST_MS, state.devices.size * MS_A_DEVICE))]);
    }
}

async function keepWatched() {
    for (;;) {
        await pause(1_000);
        if (state.watched !== null && !document.hidden) {
            await refreshDevice(state.watched).catch(() => {});
        }
    }
}

function pause(ms) {
    return new Promise(resolve => {
        setTimeout(resolve, ms);
    });
}

/** Who is signed in. */
export async function refreshCaller() {
    state.caller = await get('caller');
    changed();
}

export function start() {
    refreshCaller().catch(() => {});
    keepUpToDate();
    keepWatched();
    follow(onEvent, link => {
        const isBack = link === 'live' && state.link === 'lost';
        state.link = link;
        if (isBack) {
            refresh();
            refreshCaller().catch(() => {});
        }
        changed();
    });
    document.addEventListener('visibilitychange', () => {
        if (!document.hidden) {
            refresh();
        }
    });
}
