package io.sluice.groups;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.function.Consumer;

/** Puts the bytes of an event together. For one thread. */
final class EventOutput {
    private ByteBuffer bytes = ByteBuffer.allocate(64);

    private ByteBuffer room(int size) {
        if (bytes.remaining() < size) {
            int capacity = Math.max(bytes.capacity() * 2, bytes.position() + size);
            bytes = ByteBuffer.allocate(capacity).put(bytes.flip());
        }
        return bytes;
    }

    EventOutput putByte(int value) {
        room(1).put((byte) value);
        return this;
    }

    EventOutput putInt(int value) {
        room(Integer.BYTES).putInt(value);
        return this;
    }

    EventOutput putLong(long value) {
        room(Long.BYTES).putLong(value);
        return this;
    }

    EventOutput putBytes(byte[] value) {
        room(Integer.BYTES + value.length).putInt(value.length).put(value);
        return this;
    }

    EventOutput putText(String value) {
        return putBytes(value.getBytes(StandardCharsets.UTF_8));
    }

    /** How many there are, and then each. */
    <T> EventOutput putAll(Collection<T> all, Consumer<T> each) {
        putInt(all.size());
        all.forEach(each);
        return this;
    }

    byte[] toArray() {
        return Arrays.copyOf(bytes.array(), bytes.position());
    }
}
