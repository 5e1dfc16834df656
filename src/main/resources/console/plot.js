// A plot of offsets over time: what was seen, and what a dry run says will be.

import { html, nothing, svg } from './lit-html/lit-html.js';
import { offset } from './time.js';

const HEIGHT = 220;
const LEFT = 74;
const RIGHT = 14;
const TOP = 12;
const BOTTOM = 26;
const STEPS_NS = [1, 2, 5].flatMap(each => [0, 1, 2, 3, 4, 5, 6, 7, 8].map(power => each * 10 ** power))
    .concat([1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400].map(seconds => seconds * 1e9))
    .sort((one, other) => one - other);

/**
 * @param past what was seen, as [ms, ns] of which ns is null where the clock could not be read
 * @param future the same of a dry run; may be empty
 * @param nowMs the present
 * @param pastMs how much of the past is shown
 */
export function plot({ past, future, nowMs, pastMs, label }) {
    // As wide as it is shown, so that its text has the size of other text.
    const width = Math.max(280, document.querySelector('.plot')?.clientWidth || Math.min(1400, innerWidth - 80));
    const from = nowMs - pastMs;
    const to = future.length > 0 ? Math.max(nowMs, future.at(-1)[0]) : nowMs;
    const seen = past.filter(([ms]) => ms >= from);
    const values = [...seen, ...future].map(([, ns]) => ns).filter(ns => ns !== null);
    const [low, high] = range(values);
    const x = ms => LEFT + (ms - from) / Math.max(1, to - from) * (width - LEFT - RIGHT);
    const y = ns => TOP + (high - ns) / (high - low) * (HEIGHT - TOP - BOTTOM);
    return html`<svg class="plot" viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label=${describe(label, seen, future)}>
        ${ticks(low, high).map(ns => svg`
            <line class=${ns === 0 ? 'zero' : 'grid'} x1=${LEFT} x2=${width - RIGHT} y1=${y(ns)} y2=${y(ns)}></line>
            <text class="tick" x=${LEFT - 8} y=${y(ns) + 4} text-anchor="end">${offset(ns)}</text>`)}
        ${apart(moments(from, to, nowMs), x).map(([ms, text]) => svg`
            <text class="tick" x=${x(ms)} y=${HEIGHT - 8} text-anchor=${anchor(x(ms), width)}>${text}</text>`)}
        ${future.length > 0 ? svg`<line class="now" x1=${x(nowMs)} x2=${x(nowMs)} y1=${TOP} y2=${HEIGHT - BOTTOM}></line>` : nothing}
        <path class="past" d=${line(seen, x, y)}></path>
        <path class="future" d=${line(future, x, y)}></path>
    </svg>`;
}

function anchor(x, width) {
    return x > width - 60 ? 'end' : x < LEFT + 30 ? 'start' : 'middle';
}

function range(values) {
    let low = Math.min(0, ...values);
    let high = Math.max(0, ...values);
    if (high === low) {
        [low, high] = [-1e6, 1e6];
    }
    const room = (high - low) * 0.08;
    return [low < 0 ? low - room : low - room / 2, high > 0 ? high + room : high + room / 2];
}

function ticks(low, high) {
    const step = STEPS_NS.find(each => (high - low) / each <= 6) ?? 10 ** Math.ceil(Math.log10((high - low) / 6));
    const all = [];
    for (let ns = Math.ceil(low / step) * step; ns <= high; ns += step) {
        all.push(ns === 0 ? 0 : ns);
    }
    return all;
}

function moments(from, to, nowMs) {
    const middle = (from + nowMs) / 2;
    return [nowMs, from, ...(to > nowMs ? [to] : []), middle]
        .map(ms => [ms, ms === nowMs ? 'now' : offset(Math.round((ms - nowMs) / 1000) * 1e9)]);
}

/** Those whose texts do not touch one before. */
function apart(all, x) {
    const kept = [];
    all.forEach(each => {
        if (kept.every(other => Math.abs(x(other[0]) - x(each[0])) > 76)) {
            kept.push(each);
        }
    });
    return kept;
}

/** A gap where the clock could not be read. */
function line(points, x, y) {
    let pen = 'M';
    return points.map(([ms, ns]) => {
        if (ns === null) {
            pen = 'M';
            return '';
        }
        const part = `${pen}${x(ms).toFixed(1)} ${y(ns).toFixed(1)}`;
        pen = 'L';
        return part;
    }).join('') || 'M0 0';
}

function describe(label, seen, future) {
    const last = seen.at(-1);
    const end = future.at(-1);
    return `${label}: ${last ? `now ${offset(last[1])}` : 'nothing seen yet'}`
        + (end ? `; the dry run ends at ${offset(end[1])}` : '');
}
