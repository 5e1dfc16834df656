package io.clocktower.audit;

import io.clocktower.spec.Texts;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One HTTP call: who makes it and what it changes. Several threads use it, one after another; it is its own monitor. */
public final class Call {

    /** The name of a caller that is not authenticated. */
    public static final String ANONYMOUS = "anonymous";

    private static final String KEY = Call.class.getName();
    private static final int MAX_CHANGES = 20;
    private static final int MAX_NAME = 200;

    private final String remoteAddress;
    private String caller = ANONYMOUS;
    private String how = "";
    private boolean isRefused;
    private Optional<String> route = Optional.empty();
    private boolean isLogged;
    private final List<String> changes = new ArrayList<>();
    private final List<AuditJson.Change> parts = new ArrayList<>();
    private int unlisted;

    private Call(String remoteAddress) {
        this.remoteAddress = remoteAddress;
    }

    /** The call of this context. */
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
     * Sets who makes the call.
     *
     * @param how the caller was authenticated: {@code token}, {@code oidc} or {@code certificate}
     */
    public synchronized void authenticated(String name, String how) {
        caller = Texts.shown(name, MAX_NAME);
        this.how = how;
    }

    /** Notes that the call was rejected before it reached its resource. */
    public synchronized void refuse() {
        isRefused = true;
    }

    /** Notes the path of the resource that answers, with its parameters in braces. */
    public synchronized void route(String path) {
        route = Optional.of(path);
    }

    synchronized Optional<String> route() {
        return route;
    }

    synchronized boolean isRefused() {
        return isRefused;
    }

    /** The caller's name, or {@link #ANONYMOUS}. */
    public synchronized String caller() {
        return caller;
    }

    /** Identifies the caller: by name and authentication, or without authentication by the remote address. */
    public synchronized String key() {
        return how.isEmpty() ? remoteAddress : how + ' ' + caller;
    }

    /** The same, with its parts for machines. */
    synchronized void change(String change, AuditJson.Change parts) {
        if (changes.size() < MAX_CHANGES) {
            this.parts.add(parts);
        }
        change(change);
    }

    /** Writes the line of the call for machines. */
    synchronized void writeJson(String method, String path, int status) {
        AuditJson.write(caller, how, remoteAddress, method, path, status, List.copyOf(parts));
    }

    /** A change after the line of the call was written, as the connection was closed, gets a line of its own. */
    synchronized void change(String change) {
        if (isLogged) {
            Audit.LOG.infof("%s: %s (after the connection was closed)", who(), change);
        } else if (changes.size() < MAX_CHANGES) {
            changes.add(change);
        } else {
            unlisted++;
        }
    }

    synchronized String who() {
        return "%s (%s%s)".formatted(caller, how.isEmpty() ? "" : how + ", ", remoteAddress);
    }

    /** The changes so far, for the line of the call. */
    synchronized String log() {
        isLogged = true;
        return changes.isEmpty()
                ? ""
                : ": " + String.join("; ", changes) + (unlisted == 0 ? "" : "; and " + unlisted + " more");
    }
}
