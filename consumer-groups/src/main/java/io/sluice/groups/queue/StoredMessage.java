package io.sluice.groups.queue;

import io.sluice.core.record.RecordCursor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A message with all that it has, as it lies in the log. Its arrays are not to be changed.
 *
 * @param timestampMs when it was sent, in ms since the epoch
 * @param headers in their order; there may be several of one name
 */
public record StoredMessage(
        MessageId id, long timestampMs, Optional<byte[]> key, Optional<byte[]> value, List<Header> headers) {
    private static final int MAX_DIGITS = 18;

    public StoredMessage {
        headers = List.copyOf(headers);
    }

    /**
     * A header.
     *
     * @param name UTF-8
     * @param value empty for null
     */
    public record Header(byte[] name, Optional<byte[]> value) {
        boolean isNamed(String wanted) {
            return Arrays.equals(name, wanted.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** The record that a cursor stands on. */
    static StoredMessage of(int partition, RecordCursor record) {
        List<Header> headers = new ArrayList<>(record.headerCount());
        record.forEachHeader((name, hasValue, value) ->
                headers.add(new Header(bytes(name), hasValue ? Optional.of(bytes(value)) : Optional.empty())));
        return new StoredMessage(
                new MessageId(partition, record.offset()),
                record.timestamp(),
                record.hasKey() ? Optional.of(bytes(record.key())) : Optional.empty(),
                record.hasValue() ? Optional.of(bytes(record.value())) : Optional.empty(),
                headers);
    }

    private static byte[] bytes(ByteBuffer view) {
        byte[] bytes = new byte[view.remaining()];
        view.get(view.position(), bytes);
        return bytes;
    }

    /** What a header says; the last one if there are several, for what the broker adds comes last. */
    public Optional<byte[]> header(String name) {
        for (int i = headers.size() - 1; i >= 0; i--) {
            if (headers.get(i).isNamed(name)) {
                return headers.get(i).value();
            }
        }
        return Optional.empty();
    }

    /** As {@link #header}, as text. */
    public Optional<String> text(String name) {
        return header(name).map(value -> new String(value, StandardCharsets.UTF_8));
    }

    /** As {@link #header}, as a whole number that is not negative; empty if it is none. */
    public OptionalLong number(String name) {
        Optional<String> text = text(name)
                .filter(digits -> !digits.isEmpty()
                        && digits.length() <= MAX_DIGITS
                        && digits.chars().allMatch(digit -> digit >= '0' && digit <= '9'));
        return text.isPresent() ? OptionalLong.of(Long.parseLong(text.get())) : OptionalLong.empty();
    }

    /** What the message is called: it may have been somewhere else before. */
    public String name() {
        return text(MessageHeaders.ID)
                .filter(text -> MessageId.parse(text).isPresent())
                .orElseGet(id::toString);
    }

    /** Whether it says itself what it is called. */
    boolean isNamed() {
        return text(MessageHeaders.ID).flatMap(MessageId::parse).isPresent();
    }

    /** About how many bytes it takes in a record. */
    int sizeInBytes() {
        int size = key.map(bytes -> bytes.length).orElse(0)
                + value.map(bytes -> bytes.length).orElse(0);
        for (Header header : headers) {
            size += header.name().length
                    + header.value().map(bytes -> bytes.length).orElse(0)
                    + 2 * Integer.BYTES;
        }
        return size;
    }
}
