// Times and durations as they are shown.

const SECOND = 1e9;
const UNITS = [['d', 86_400 * SECOND], ['h', 3_600 * SECOND], ['min', 60 * SECOND], ['s', SECOND], ['ms', 1e6], ['µs', 1e3], ['ns', 1]];

/** A span of nanoseconds in at most two units: 4 min 58 s. */
export function span(ns) {
    let left = Math.abs(ns);
    if (left < 1) {
        return '0 s';
    }
    if (left < 60 * SECOND) {
        const [unit, size] = UNITS.find(([, each]) => left >= each);
        return `${trim(left / size)} ${unit}`;
    }
    left = Math.round(left / SECOND) * SECOND;
    const at = UNITS.findIndex(([, each]) => left >= each);
    const [unit, size] = UNITS[at];
    const whole = Math.floor(left / size);
    const [small, smallSize] = UNITS[at + 1];
    const rest = Math.floor((left - whole * size) / smallSize);
    return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${small}`;
}

function trim(value) {
    return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** The same with its sign: −5 min. */
export function offset(ns) {
    return ns === null || ns === undefined ? 'out of range' : ns === 0 ? '0' : (ns < 0 ? '−' : '+') + span(ns);
}

/** A countdown: 09:59, or 2 d 03 h. */
export function countdown(ms) {
    const seconds = Math.max(0, Math.ceil(ms / 1000));
    const two = value => String(value).padStart(2, '0');
    if (seconds >= 86_400) {
        return `${Math.floor(seconds / 86_400)} d ${two(Math.floor(seconds % 86_400 / 3600))} h`;
    }
    return (seconds >= 3600 ? `${Math.floor(seconds / 3600)}:` : '')
        + `${two(Math.floor(seconds % 3600 / 60))}:${two(seconds % 60)}`;
}

/** How long ago: 4 s ago. */
export function ago(time, nowMs) {
    const ms = nowMs - Date.parse(time);
    return ms < 1500 ? 'just now' : `${span(Math.floor(ms / 1000) * SECOND)} ago`;
}

/** A clock's reading: a date and a time, or the time since the boot for a monotonic one. */
export function reading(type, ns) {
    if (ns === null || ns === undefined) {
        return { day: '', time: 'out of range' };
    }
    if (type === 'monotonic') {
        const seconds = Math.floor(ns / SECOND);
        return { day: seconds >= 86_400 ? `${Math.floor(seconds / 86_400)} d` : 'since boot', time: clock(seconds % 86_400 * 1000) };
    }
    const text = new Date(ns / 1e6);
    return Number.isNaN(text.getTime())
        ? { day: '', time: 'out of range' }
        : { day: text.toISOString().slice(0, text.toISOString().indexOf('T')), time: clock(text.getTime()) };
}

function clock(ms) {
    return new Date(((ms % 86_400_000) + 86_400_000) % 86_400_000).toISOString().slice(11, 19);
}

/** UTC to the second, without the day if that is today. */
export function moment(time, nowMs) {
    const text = new Date(time).toISOString();
    const isToday = text.slice(0, 10) === new Date(nowMs).toISOString().slice(0, 10);
    return isToday ? text.slice(11, 19) : `${text.slice(0, 10)} ${text.slice(11, 19)}`;
}

const LENGTH = /^(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const SHORT = /(\d+(?:\.\d+)?)(d|h|ms|us|ns|m|s)/gy;
const SHORT_NS = { d: 864e11, h: 36e11, m: 6e10, s: 1e9, ms: 1e6, us: 1e3, ns: 1 };

/** Nanoseconds of a duration in one of the API's spellings, or null. It only chooses the reach of a preview. */
export function parseDuration(text) {
    const iso = LENGTH.exec(text);
    if (iso && text.length > 1 + iso[1].length) {
        const [, sign, days = 0, hours = 0, minutes = 0, seconds = 0] = iso;
        return (sign ? -1 : 1) * (days * 864e11 + hours * 36e11 + minutes * 6e10 + seconds * 1e9);
    }
    const bare = text.replace(/^[+-]/, '');
    let total = 0;
    let end = 0;
    SHORT.lastIndex = 0;
    for (let part; (part = SHORT.exec(bare)) !== null; end = SHORT.lastIndex) {
        total += Number(part[1]) * SHORT_NS[part[2]];
    }
    return end === bare.length && end > 0 ? (text.startsWith('-') ? -total : total) : null;
}
