package io.sluice.groups;

import io.sluice.core.BrokerException;
import io.sluice.core.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Takes the bytes of an event apart; what makes no sense is {@code DATA_CORRUPT}. For one thread. */
public final class EventInput {
    private final ByteBuffer bytes;

    public EventInput(ByteBuffer bytes) {
        this.bytes = bytes.duplicate();
    }

    public static BrokerException corrupt(String what) {
        return new BrokerException(ErrorCode.DATA_CORRUPT, "a record of a group coordinator makes no sense: " + what);
    }

    private ByteBuffer require(int size) {
        if (bytes.remaining() < size) {
            throw corrupt("it ends too early");
        }
        return bytes;
    }

    public byte getByte() {
        return require(1).get();
    }

    public int getInt() {
        return require(Integer.BYTES).getInt();
    }

    public long getLong() {
        return require(Long.BYTES).getLong();
    }

    public byte[] getBytes() {
        int length = getInt();
        if (length < 0) {
            throw corrupt("a length of " + length);
        }
        require(length);
        byte[] value = new byte[length];
        bytes.get(value);
        return value;
    }

    public String getText() {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(getBytes()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw corrupt("a text is not UTF-8");
        }
    }

    /**
     * How many there are, and then each.
     *
     * @param minBytes how many bytes each has at least: a number that cannot be true must not take memory
     */
    public <T> List<T> getAll(int minBytes, Supplier<T> each) {
        int count = getInt();
        if (count < 0 || count > bytes.remaining() / minBytes) {
            throw corrupt(count + " entries do not fit " + bytes.remaining() + " bytes");
        }
        List<T> all = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            all.add(each.get());
        }
        return all;
    }

    /** How many bytes are left. */
    public int remaining() {
        return bytes.remaining();
    }

    public void requireEnd() {
        if (bytes.hasRemaining()) {
            throw corrupt(bytes.remaining() + " bytes are left over");
        }
    }
}
