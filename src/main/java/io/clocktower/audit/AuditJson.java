package io.clocktower.audit;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * The audit log for machines: a line of JSON for each call that asks for a change, and for each change without a call. Off by
 * default.
 */
final class AuditJson {

    private static final Logger LOG = Logger.getLogger("io.clocktower.audit.json");
    private static final String PLAN = "plan";
    private static final String FAULT = "fault";

    private AuditJson() {}

    /**
     * What was changed.
     *
     * @param subject for example {@code vm0 fault f2}, {@code vm0 labels} or {@code plan p1}
     */
    record Change(String subject, String from, String to) {

        private JsonObject toJson() {
            String[] words = subject.split(" ");
            var json = new JsonObject();
            if (words.length > 1 && words[0].equals(PLAN)) {
                json.put(PLAN, words[1]);
            } else {
                json.put("device", words[0]);
                if (words.length > 2 && words[1].equals(FAULT)) {
                    json.put(FAULT, words[2]);
                }
            }
            return json.put("what", subject).put("before", from).put("after", to);
        }
    }

    /** A change that was made without a call. */
    static void write(String actor, Change change) {
        if (LOG.isInfoEnabled()) {
            LOG.info(
                    new JsonObject().put("actor", actor).put("changes", new JsonArray().add(change.toJson())).encode());
        }
    }

    /**
     * A call that was answered.
     *
     * @param how the caller was authenticated; empty if not
     * @param status of the answer
     */
    static void write(String actor, String how, String remote, String method, String path, int status,
            List<Change> changes) {
        if (LOG.isInfoEnabled()) {
            var all = new JsonArray();
            changes.forEach(change -> all.add(change.toJson()));
            LOG.info(new JsonObject().put("actor", actor).put("authentication", how).put("remote", remote)
                    .put("action", method).put("path", path).put("status", status).put("changes", all).encode());
        }
    }
}
