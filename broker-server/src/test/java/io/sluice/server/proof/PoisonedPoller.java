package io.sluice.server.proof;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * A member of a group over HTTP that cannot process one record, in a process of its own. It says what it did, where it is stuck, and
 * the cursor of each poll. After a failure it takes one record at a time, so that it commits all that it can. It leaves when its
 * standard input ends.
 */
final class PoisonedPoller {
    static final String MEMBER = "poller";

    private static final int MANY = 500;
    private static final long AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(50);

    private final int port;
    private final String group;
    private final String topic;
    private final String poison;
    private int maxRecords = MANY;
    private String done = "";

    private PoisonedPoller(String[] arguments) {
        port = Integer.parseInt(arguments[0]);
        group = arguments[1];
        topic = arguments[2];
        poison = arguments[3];
    }

    /** @param arguments the port, group, topic, poison */
    public static void main(String[] arguments) throws IOException {
        AtomicBoolean leaving = PoisonedConsumer.leavesWhenInputEnds();
        PoisonedPoller poller = new PoisonedPoller(arguments);
        while (!leaving.get()) {
            poller.step();
        }
        poller.ask("leave", new JsonObject().put("member", MEMBER));
    }

    private void step() throws IOException {
        JsonObject answer = ask(
                "poll",
                new JsonObject()
                        .put("member", MEMBER)
                        .put("topics", new JsonArray().add(topic))
                        .put("max_records", maxRecords)
                        .put("wait_ms", 100)
                        .put("commit", done));
        System.out.println("cursor " + answer.getString("cursor"));
        try {
            answer.getJsonArray("records").forEach(record -> process((JsonObject) record));
            done = answer.getString("cursor");
        } catch (IllegalArgumentException e) {
            done = "";
            maxRecords = 1;
            LockSupport.parkNanos(AGAIN_NS);
        }
    }

    private void process(JsonObject record) {
        String place = record.getInteger("partition") + " " + record.getLong("offset");
        if (record.getString("value").equals(poison)) {
            System.out.println("stuck " + place);
            throw new IllegalArgumentException("this cannot be read");
        }
        System.out.println("did " + place);
    }

    private JsonObject ask(String what, JsonObject request) throws IOException {
        PlainClient.Answer answer = PlainClient.postOnce(port, "/v1/groups/" + group + "/" + what, request.encode());
        if (answer.status() / 100 != 2) {
            throw new IOException(what + " was answered " + answer.status() + ": " + answer.body());
        }
        return answer.body().isEmpty() ? new JsonObject() : new JsonObject(answer.body());
    }
}
