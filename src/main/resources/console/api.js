// Calls of the API. The token is in this variable alone, and gone when the page is.

let token = null;
let renewal = null;
let isDeclined = false;
let ask = async () => null;

const ROOT = new URL('../', document.baseURI);

/** An answer that is not 2xx: the problem document that came with it. */
export class Problem extends Error {
    constructor(status, document, headers) {
        super(document.detail || document.title || `The service answered ${status}.`);
        this.status = status;
        this.errors = document.errors || [];
        this.retryAfter = Number(headers?.get('Retry-After')) || 0;
    }
}

/** Sets what asks the person for a token: a function of a message, with a promise of the token, or of null. */
export function onUnauthorized(asker) {
    ask = asker;
}

/** One question at a time, however many calls need its answer. */
function renew(used) {
    if (token !== used) {
        return Promise.resolve(true);
    }
    if (isDeclined) {
        return Promise.resolve(false);
    }
    renewal ??= ask(used === null ? null : 'The token is not valid, or no longer.').then(given => {
        renewal = null;
        token = given ?? token;
        isDeclined = given === null;
        return !isDeclined;
    });
    return renewal;
}

/** Lets the next call ask for a token, also after the person wanted to give none. */
export function signIn() {
    isDeclined = false;
}

export function signOut() {
    token = null;
}

export function hasToken() {
    return token !== null;
}

/** The response to a call, whose status is 2xx or 304. */
export async function send(method, path, { body, headers = {}, signal, base = 'api/v1/' } = {}) {
    for (;;) {
        const used = token;
        const response = await fetch(new URL(base + path, ROOT), {
            method, signal, cache: 'no-store',
            headers: {
                Accept: 'application/json',
                ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
                ...(used === null ? {} : { Authorization: `Bearer ${used}` }),
                ...headers,
            },
            body: body === undefined ? undefined : JSON.stringify(body),
        });
        if (response.ok || response.status === 304) {
            return response;
        }
        if (response.status === 401 && await renew(used)) {
            continue;
        }
        throw await problem(response);
    }
}

async function problem(response) {
    let document = {};
    try {
        document = await response.json();
    } catch {
        // A proxy answers with what it likes.
    }
    return new Problem(response.status, document, response.headers);
}

/** What a GET of that path is answered. */
export async function get(path, options) {
    return (await send('GET', path, options)).json();
}

/** A path with these parameters. */
export function withQuery(path, parameters) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters)) {
        [value].flat().forEach(each => query.append(name, each));
    }
    return query.size === 0 ? path : `${path}?${query}`;
}

/** The path of a device, or of what belongs to it. */
export function devicePath(name, ...more) {
    return ['devices', name, ...more].map(encodeURIComponent).join('/');
}
