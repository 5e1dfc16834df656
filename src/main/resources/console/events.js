// The stream of events, read with fetch so that a token can be sent. It connects again by itself.

import { send } from './api.js';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;
/** The service sends a comment after 15 s without an event; a proxy may have cut the connection without a word. */
const SILENCE_MS = 40_000;

/**
 * Follows the events until the page is left.
 *
 * @param onEvent called with each event; a gap has the type 'gap'
 * @param onLink called with 'live' or 'lost'
 */
export async function follow(onEvent, onLink) {
    let last = '0';
    let pause = FIRST_PAUSE_MS;
    for (;;) {
        try {
            await read(last, (id, event) => {
                // A page that begins has missed nothing.
                if (last !== '0' || event.type !== 'gap') {
                    onEvent(event);
                }
                last = id ?? last;
            }, () => {
                pause = FIRST_PAUSE_MS;
                onLink('live');
            });
        } catch {
            // Whatever it was, the next attempt shows whether it lasts.
        }
        onLink('lost');
        await ended(pause);
        pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    }
}

/** A pause, or less where the browser knows that the network is back. */
function ended(ms) {
    return new Promise(resolve => {
        const timer = setTimeout(resolve, ms);
        addEventListener('online', () => {
            clearTimeout(timer);
            resolve();
        }, { once: true });
    });
}

async function read(last, onEvent, onOpen) {
    const abort = new AbortController();
    let watchdog = setTimeout(() => abort.abort(), SILENCE_MS);
    const lost = () => abort.abort();
    addEventListener('offline', lost);
    try {
        const response = await send('GET', 'events', {
            headers: { Accept: 'text/event-stream', 'Last-Event-ID': last }, signal: abort.signal,
        });
        onOpen();
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        let text = '';
        for (;;) {
            const { done, value } = await reader.read();
            if (done) {
                return;
            }
            clearTimeout(watchdog);
            watchdog = setTimeout(() => abort.abort(), SILENCE_MS);
            text += value;
            const messages = text.split(/\r?\n\r?\n/);
            text = messages.pop();
            messages.forEach(message => deliver(message, onEvent));
        }
    } finally {
        clearTimeout(watchdog);
        removeEventListener('offline', lost);
        abort.abort();
    }
}

function deliver(message, onEvent) {
    const fields = {};
    for (const line of message.split(/\r?\n/)) {
        const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
        fields[name] = name === 'data' && fields.data !== undefined ? `${fields.data}\n${value}` : value;
    }
    if (fields.data !== undefined) {
        const event = JSON.parse(fields.data);
        onEvent(fields.id, fields.event === 'gap' ? { type: 'gap', time: new Date().toISOString(), ...event } : event);
    }
}
