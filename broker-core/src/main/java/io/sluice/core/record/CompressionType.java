package io.sluice.core.record;

import java.util.Locale;
import java.util.Optional;

/** How the records of a batch are compressed: the lowest three bits of its attributes. */
public enum CompressionType {
    NONE(0),
    GZIP(1),
    SNAPPY(2),
    LZ4(3),
    ZSTD(4);

    private static final CompressionType[] BY_ID = values();

    private final int id;

    CompressionType(int id) {
        this.id = id;
    }

    /** The number in the batch's attributes. */
    public int id() {
        return id;
    }

    /** The name in settings: lower case. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The type of a number in a batch's attributes; empty for 5 to 7, which mean nothing. */
    public static Optional<CompressionType> forId(int id) {
        return id >= 0 && id < BY_ID.length ? Optional.of(BY_ID[id]) : Optional.empty();
    }
}
