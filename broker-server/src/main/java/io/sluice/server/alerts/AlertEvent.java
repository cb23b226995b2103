package io.sluice.server.alerts;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.UUID;

/**
 * A change of an alert, as a CloudEvent in structured mode.
 *
 * @param id its identity
 * @param type {@code io.sluice.alert.raised} or {@code io.sluice.alert.cleared}
 * @param atMs when, in ms since the epoch
 * @param alert the alert
 * @param body the event's JSON
 */
record AlertEvent(String id, String type, long atMs, Alert alert, Buffer body) {
    /** The media type of the body. */
    static final String MEDIA_TYPE = "application/cloudevents+json; charset=UTF-8";

    static AlertEvent of(Alert alert, String clusterId) {
        String id = UUID.randomUUID().toString();
        String type = alert.isRaised() ? "io.sluice.alert.raised" : "io.sluice.alert.cleared";
        long atMs = alert.clearedMs().orElse(alert.raisedMs());
        JsonObject data = new JsonObject()
                .put("rule", alert.rule().title())
                .put("subject", alert.subject())
                .put("message", alert.message())
                .put("raised_at", alert.raisedMs());
        alert.clearedMs().ifPresent(ms -> data.put("cleared_at", ms));
        JsonObject event = new JsonObject()
                .put("specversion", "1.0")
                .put("id", id)
                .put("source", "/sluice/" + clusterId)
                .put("type", type)
                .put("subject", alert.rule().title() + "/" + alert.subject())
                .put("time", Instant.ofEpochMilli(atMs).toString())
                .put("datacontenttype", "application/json")
                .put("data", data);
        return new AlertEvent(id, type, atMs, alert, event.toBuffer());
    }
}
