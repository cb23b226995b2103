package io.sluice.core.record;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The headers of one record, kept as the bytes that the record will hold. For use by one thread. */
public final class Headers {
    /** No headers. */
    public static final Headers NONE = new Headers(0);

    private byte[] bytes;
    private int position;
    private int count;

    public Headers() {
        this(128);
    }

    private Headers(int capacity) {
        this.bytes = new byte[capacity];
    }

    /** Adds a header; {@code value} may be {@code null}, as the format allows. */
    public Headers add(String name, byte[] value) {
        byte[] key = name.getBytes(StandardCharsets.UTF_8);
        return add(key, 0, key.length, value, 0, value == null ? -1 : value.length);
    }

    /**
     * Adds a header whose parts lie in larger arrays.
     *
     * @param valueLength bytes of the value, or -1 for null
     */
    public Headers add(byte[] name, int nameFrom, int nameLength, byte[] value, int valueFrom, int valueLength) {
        if (this == NONE) {
            throw new UnsupportedOperationException("Headers.NONE has none");
        }
        int needed = Math.addExact(position + 10 + nameLength, Math.max(0, valueLength));
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, bytes.length * 2));
        }
        position = Varints.write(bytes, position, nameLength);
        System.arraycopy(name, nameFrom, bytes, position, nameLength);
        position += nameLength;
        position = Varints.write(bytes, position, valueLength);
        if (valueLength > 0) {
            System.arraycopy(value, valueFrom, bytes, position, valueLength);
            position += valueLength;
        }
        count++;
        return this;
    }

    /** Forgets all headers, to be used again. */
    public void clear() {
        position = 0;
        count = 0;
    }

    public int count() {
        return count;
    }

    /** Bytes that the headers take in a record, their count excluded. */
    public int sizeInBytes() {
        return position;
    }

    /** A read-only view of the bytes that the headers take in a record, their count excluded. */
    public ByteBuffer bytes() {
        return ByteBuffer.wrap(bytes, 0, position).asReadOnlyBuffer();
    }

    void copyTo(byte[] target, int at) {
        System.arraycopy(bytes, 0, target, at, position);
    }
}
