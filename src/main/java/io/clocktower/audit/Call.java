package io.clocktower.audit;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;

/** One HTTP call: who makes it and what it changes. Threads take turns with it, and it is its own lock. */
public final class Call {

    /** Who nobody knows. */
    public static final String ANONYMOUS = "anonymous";

    private static final String KEY = Call.class.getName();
    private static final int MAX_CHANGES = 20;

    private final String remoteAddress;
    private String caller = ANONYMOUS;
    private String how = "";
    private boolean isRefused;
    private final List<String> changes = new ArrayList<>();
    private int unlisted;

    private Call(String remoteAddress) {
        this.remoteAddress = remoteAddress;
    }

    /** The call that this context is of. */
    public static Call of(RoutingContext context) {
        Call call = context.get(KEY);
        if (call == null) {
            SocketAddress remote = context.request().remoteAddress();
            call = new Call(remote == null || remote.hostAddress() == null ? "local" : remote.hostAddress());
            context.put(KEY, call);
        }
        return call;
    }

    /** Whether it asks for a change: GET and HEAD never do. */
    public static boolean isChange(RoutingContext context) {
        HttpMethod method = context.request().method();
        return !HttpMethod.GET.equals(method) && !HttpMethod.HEAD.equals(method);
    }

    /**
     * Says who makes the call.
     *
     * @param how he proved it: {@code token}, {@code oidc} or {@code certificate}
     */
    public synchronized void authenticated(String name, String how) {
        caller = OneLine.of(name);
        this.how = how;
    }

    /** Says that the call was refused before it came to what it is for. */
    public synchronized void refuse() {
        isRefused = true;
    }

    synchronized boolean isRefused() {
        return isRefused;
    }

    /** The caller's name, or {@link #ANONYMOUS}. */
    public synchronized String caller() {
        return caller;
    }

    /** What tells callers apart: the name and how it was proved, and where nobody proves his the remote address. */
    public synchronized String key() {
        return how.isEmpty() ? remoteAddress : how + ' ' + caller;
    }

    synchronized void change(String change) {
        if (changes.size() < MAX_CHANGES) {
            changes.add(change);
        } else {
            unlisted++;
        }
    }

    synchronized String who() {
        return "%s (%s%s)".formatted(caller, how.isEmpty() ? "" : how + ", ", remoteAddress);
    }

    synchronized String changes() {
        return changes.isEmpty()
                ? ""
                : ": " + String.join("; ", changes) + (unlisted == 0 ? "" : "; and " + unlisted + " more");
    }
}
