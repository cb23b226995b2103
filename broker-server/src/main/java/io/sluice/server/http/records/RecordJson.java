package io.sluice.server.http.records;

import io.sluice.core.TopicPartition;
import io.sluice.core.record.RecordCursor;
import io.sluice.server.http.filter.RecordFilter;
import io.sluice.server.http.json.Utf8;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes the records of one fetch as JSON, one after the other. Binary headers stand in a member of their own,
 * {@code headers_base64}, which is left out where there are none. For use by one thread at a time. Another form of records
 * differs from this one in what it overrides.
 */
class RecordJson {
    static final byte[] KEY = JsonOutput.ascii(",\"key\":");
    static final byte[] KEY_BASE64 = JsonOutput.ascii(",\"key_base64\":");
    private static final byte[] KEY_BYTES = JsonOutput.ascii(",\"key_bytes\":");
    static final byte[] VALUE = JsonOutput.ascii(",\"value\":");
    static final byte[] VALUE_BASE64 = JsonOutput.ascii(",\"value_base64\":");
    private static final byte[] TIMESTAMP = JsonOutput.ascii(",\"timestamp\":");
    private static final byte[] TOPIC = JsonOutput.ascii("{\"topic\":");
    private static final byte[] PARTITION = JsonOutput.ascii(",\"partition\":");
    private static final byte[] OFFSET = JsonOutput.ascii(",\"offset\":");
    private static final byte[] HEADERS = JsonOutput.ascii(",\"headers\":{");
    private static final byte[] NO_HEADERS = JsonOutput.ascii(",\"headers\":{}");
    private static final byte[] BINARY_HEADERS = JsonOutput.ascii(",\"headers_base64\":{");
    private static final byte[] NOTHING = new byte[0];

    private byte[] begin;
    private final Values values;
    /** Whether each record is a line of its own, rather than an element of a list. */
    private final boolean lines;

    /** What stands around each record, if they are pushed; else null. */
    private final RecordFrame frame;
    /** Where the records in the output end, if they are pushed. */
    private final List<Integer> ends = new ArrayList<>();

    private boolean inRecord;
    private long offset;
    private byte[] eventType = NOTHING;

    private final List<byte[]> binaryHeaders = new ArrayList<>();
    private boolean first = true;
    private int headersInRecord;

    RecordJson(int partition, Values values, boolean lines) {
        this.begin = JsonOutput.ascii("{\"partition\":" + partition + ",\"offset\":");
        this.values = values;
        this.lines = lines;
        this.frame = null;
    }

    /** For records that are pushed, each of them on one line within its frame. */
    RecordJson(Values values, RecordFrame frame) {
        this.begin = NOTHING;
        this.values = values;
        this.lines = true;
        this.frame = frame;
    }

    /** Whether a record has begun and not ended. */
    boolean isInRecord() {
        return inRecord;
    }

    /** Where the records in the output ended, since this was asked last. */
    int[] takeEnds() {
        int[] taken = ends.stream().mapToInt(Integer::intValue).toArray();
        ends.clear();
        return taken;
    }

    /** The records that follow are of this partition, and do not name their topic. */
    void turnTo(int partition) {
        begin = JsonOutput.ascii("{\"partition\":" + partition + ",\"offset\":");
    }

    /** The records that follow are of this partition, and name their topic as well. */
    void turnTo(TopicPartition partition) {
        JsonOutput named = new JsonOutput(64);
        named.put(TOPIC).string(partition.topic());
        begin = named.put(PARTITION).number(partition.partition()).put(OFFSET).toByteArray();
    }

    final Values values() {
        return values;
    }

    /** The name of a key that is shown as base64. */
    byte[] keyBase64() {
        return KEY_BASE64;
    }

    /** The name of a value that is shown as base64. */
    byte[] valueBase64() {
        return VALUE_BASE64;
    }

    /** Whether keys and values are all shown in the one form that {@link #values()} names, or not at all. */
    boolean isStrict() {
        return false;
    }

    final boolean lines() {
        return lines;
    }

    /**
     * Writes the record that a cursor stands on.
     *
     * @return false if it cannot be shown in this form: then nothing has been written
     */
    boolean record(JsonOutput out, RecordCursor record) {
        boolean wasFirst = first;
        int before = out.size();
        begin(out, record.offset(), record.timestamp());
        boolean shown = field(out, KEY, keyBase64(), record.hasKey(), record.key())
                && field(out, VALUE, valueBase64(), record.hasValue(), record.value());
        if (!shown) {
            out.truncate(before);
            first = wasFirst;
            return false;
        }
        if (record.headerCount() > 0) {
            record.forEachHeader((name, hasValue, value) -> header(out, name, hasValue, value));
        }
        end(out);
        return true;
    }

    /** Writes key, value and headers of the record that a cursor stands on as the last members of an object. */
    final void members(JsonOutput out, RecordCursor record) {
        headersInRecord = 0;
        field(out, KEY, keyBase64(), record.hasKey(), record.key());
        field(out, VALUE, valueBase64(), record.hasValue(), record.value());
        if (record.headerCount() > 0) {
            record.forEachHeader((name, hasValue, value) -> header(out, name, hasValue, value));
        }
        end(out);
    }

    /** Writes the key of the record that a cursor stands on as the last member of an object; of a larger one how large it is. */
    final void key(JsonOutput out, RecordCursor record, int maxBytes) {
        int bytes = record.key().remaining();
        if (bytes > maxBytes) {
            out.put(KEY_BYTES).number(bytes);
        } else {
            field(out, KEY, keyBase64(), record.hasKey(), record.key());
        }
        out.put('}');
    }

    /** Writes all that stands before the key. */
    final void begin(JsonOutput out, long offset, long timestampMs) {
        if (!first && !lines) {
            out.put(',');
        }
        first = false;
        headersInRecord = 0;
        if (frame != null) {
            inRecord = true;
            this.offset = offset;
            eventType = NOTHING;
            out.put(frame.before());
        }
        out.put(begin).number(offset).put(TIMESTAMP).number(timestampMs);
    }

    /**
     * Writes key or value, which is there as a whole.
     *
     * @return false if it cannot be shown in this form, and what was written must be taken back
     */
    final boolean field(JsonOutput out, byte[] name, byte[] base64Name, boolean present, ByteBuffer field) {
        if (!present) {
            out.put(name).putNull();
            return true;
        }
        return out.member(name, base64Name, field, values, lines) != ValueKind.BINARY || !isStrict();
    }

    /** Writes a header; those of a record follow its value. */
    void header(JsonOutput out, ByteBuffer name, boolean hasValue, ByteBuffer value) {
        if (frame != null && hasValue && RecordFilter.isType(name)) {
            eventType = bytes(value);
        }
        int before = out.size();
        out.put(headersInRecord == 0 ? HEADERS : NOTHING);
        if (headersInRecord > 0) {
            out.put(',');
        }
        byte[] nameBytes = bytes(name);
        putName(out, nameBytes);
        if (!hasValue) {
            out.putNull();
        } else if (out.tryField(NOTHING, value, values, lines) == ValueKind.BINARY) {
            out.truncate(before);
            binaryHeaders.add(nameBytes);
            binaryHeaders.add(bytes(value));
            return;
        }
        headersInRecord++;
    }

    /** Writes what follows the last header. */
    void end(JsonOutput out) {
        if (headersInRecord == 0) {
            out.put(NO_HEADERS);
        } else {
            out.put('}');
        }
        if (!binaryHeaders.isEmpty()) {
            out.put(BINARY_HEADERS);
            for (int i = 0; i < binaryHeaders.size(); i += 2) {
                if (i > 0) {
                    out.put(',');
                }
                putName(out, binaryHeaders.get(i));
                byte[] value = binaryHeaders.get(i + 1);
                out.put('"').base64(value, 0, value.length).put('"');
            }
            out.put('}');
            binaryHeaders.clear();
        }
        out.put('}');
        if (frame != null) {
            out.put(frame.after(offset, eventType));
            ends.add(out.size());
            inRecord = false;
        } else if (lines) {
            out.put('\n');
        }
    }

    /** Names are UTF-8; one that is not is shown with replacement characters, so that the rest can be read. */
    private static void putName(JsonOutput out, byte[] name) {
        if (Utf8.isValid(name, 0, name.length)) {
            out.put('"').escaped(name, 0, name.length).put('"');
        } else {
            out.string(new String(name, StandardCharsets.UTF_8));
        }
        out.put(':');
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] copy = new byte[buffer.remaining()];
        buffer.get(buffer.position(), copy);
        return copy;
    }
}
