package io.sluice.groups;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.function.Consumer;

/** Puts the bytes of an event together. For one thread. */
public final class EventOutput {
    private ByteBuffer bytes = ByteBuffer.allocate(64);

    private ByteBuffer room(int size) {
        if (bytes.remaining() < size) {
            int capacity = Math.max(bytes.capacity() * 2, bytes.position() + size);
            bytes = ByteBuffer.allocate(capacity).put(bytes.flip());
        }
        return bytes;
    }

    public EventOutput putByte(int value) {
        room(1).put((byte) value);
        return this;
    }

    public EventOutput putInt(int value) {
        room(Integer.BYTES).putInt(value);
        return this;
    }

    public EventOutput putLong(long value) {
        room(Long.BYTES).putLong(value);
        return this;
    }

    public EventOutput putBytes(byte[] value) {
        room(Integer.BYTES + value.length).putInt(value.length).put(value);
        return this;
    }

    public EventOutput putText(String value) {
        return putBytes(value.getBytes(StandardCharsets.UTF_8));
    }

    /** How many there are, and then each. */
    public <T> EventOutput putAll(Collection<T> all, Consumer<T> each) {
        putInt(all.size());
        all.forEach(each);
        return this;
    }

    public byte[] toArray() {
        return Arrays.copyOf(bytes.array(), bytes.position());
    }
}
