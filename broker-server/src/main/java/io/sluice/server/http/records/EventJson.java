package io.sluice.server.http.records;

import io.sluice.core.record.RecordCursor;
import io.sluice.server.http.cloudevents.RecordedEvent;
import io.sluice.server.http.json.Utf8;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * Writes the records of one fetch as CloudEvents in JSON, one after the other. What is an event by Kafka's binding, in either mode,
 * is that event; any other record is wrapped in one of its own. For use by one thread at a time.
 */
final class EventJson extends RecordJson {
    static final byte[] DATA = JsonOutput.ascii(",\"data\":");
    static final byte[] DATA_BASE64 = JsonOutput.ascii(",\"data_base64\":");
    private static final byte[] VERSION = JsonOutput.ascii("{\"specversion\":\"1.0\"");
    private static final byte[] WRAPPED_TYPE = JsonOutput.ascii(",\"type\":\"io.sluice.record\"");
    private static final byte[] TIME = JsonOutput.ascii(",\"time\":\"");
    private static final byte[] DATA_TYPE = JsonOutput.ascii(",\"datacontenttype\":");
    private static final byte[] PARTITION_KEY = JsonOutput.ascii(",\"partitionkey\":");
    private static final byte[] BINARY_KEY = JsonOutput.ascii(",\"sluicekey\":\"");
    /** The last ms of the year 9999: later times have no form in RFC 3339. */
    private static final long MAX_TIME_MS = 253_402_300_799_999L;

    private final RecordedEvent event = new RecordedEvent();
    private final byte[] source;
    private boolean first = true;
    /** Whether an object has been begun that wants its end. */
    private boolean open;

    EventJson(String topic, int partition) {
        super(partition, Values.AUTO, false);
        this.source = JsonOutput.ascii(",\"source\":\"/v1/topics/" + topic + "\",\"id\":\"" + partition + "-");
    }

    /** What the headers of the record at hand say; filled before anything of it is written. */
    RecordedEvent event() {
        return event;
    }

    @Override
    boolean record(JsonOutput out, RecordCursor record) {
        event.clear();
        record.forEachHeader(event::add);
        whole(
                out,
                record.offset(),
                record.timestamp(),
                record.hasKey(),
                record.key(),
                record.hasValue(),
                record.value());
        return true;
    }

    /** Writes a record that is in memory. */
    void whole(
            JsonOutput out,
            long offset,
            long timestampMs,
            boolean hasKey,
            ByteBuffer key,
            boolean hasValue,
            ByteBuffer value) {
        if (hasValue && event.isStructured()) {
            byte[] json = bytes(value);
            if (event.isEventInJson(json)) {
                separate(out);
                out.put(json);
                return;
            }
        }
        begin(out, offset, timestampMs, hasKey, key);
        if (!hasValue) {
            end(out);
            return;
        }
        int before = out.size();
        ValueKind kind = out.tryField(DATA, value, dataAs(), false);
        if (kind == ValueKind.BINARY) {
            out.truncate(before);
            byte[] data = bytes(value);
            out.put(DATA_BASE64).put('"').base64(data, 0, data.length).put('"');
        }
        typeOf(out, kind);
        end(out);
    }

    /** What stands between two events. */
    void separate(JsonOutput out) {
        if (!first) {
            out.put(',');
        }
        first = false;
    }

    /** Whether the record's key is shown: an event that has one says so by itself. */
    boolean wantsKey() {
        return !event.isBinary();
    }

    /** Writes all attributes but the type of the data. */
    void begin(JsonOutput out, long offset, long timestampMs, boolean hasKey, ByteBuffer key) {
        separate(out);
        open = true;
        out.put(VERSION);
        if (event.isBinary()) {
            event.forEachAttribute((name, value) -> {
                if (!name.equals("specversion")) {
                    out.put(',').string(name).put(':').string(value);
                }
            });
            return;
        }
        out.put(WRAPPED_TYPE).put(source).number(offset).put('"');
        if (timestampMs >= 0 && timestampMs <= MAX_TIME_MS) {
            out.put(TIME)
                    .put(JsonOutput.ascii(Instant.ofEpochMilli(timestampMs).toString()))
                    .put('"');
        }
        if (hasKey) {
            key(out, bytes(key));
        }
    }

    private static void key(JsonOutput out, byte[] key) {
        String text = new String(key, StandardCharsets.UTF_8);
        if (Utf8.isValid(key, 0, key.length) && RecordedEvent.canBeAttribute(text)) {
            out.put(PARTITION_KEY).string(text);
        } else {
            out.put(BINARY_KEY).base64(key, 0, key.length).put('"');
        }
    }

    /** How the data is to be shown. */
    Values dataAs() {
        if (event.contentType().isEmpty()) {
            // Data without a type is taken for JSON by whoever reads the event; what we wrap gets its type from us.
            return event.isBinary() ? Values.JSON : Values.AUTO;
        }
        if (event.saysJson()) {
            return Values.JSON;
        }
        return event.maySayText() ? Values.TEXT : Values.BASE64;
    }

    /** Writes the type of data that was shown in this way. */
    void typeOf(JsonOutput out, ValueKind kind) {
        if (event.contentType().isPresent()) {
            out.put(DATA_TYPE).string(event.contentType().get());
        } else if (!event.isBinary()) {
            out.put(DATA_TYPE)
                    .string(
                            switch (kind) {
                                case JSON -> "application/json";
                                case TEXT -> "text/plain; charset=utf-8";
                                case BINARY -> "application/octet-stream";
                            });
        }
    }

    /** Ends what {@link #begin} has begun. */
    @Override
    void end(JsonOutput out) {
        if (open) {
            open = false;
            out.put('}');
        }
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] copy = new byte[buffer.remaining()];
        buffer.get(buffer.position(), copy);
        return copy;
    }
}
