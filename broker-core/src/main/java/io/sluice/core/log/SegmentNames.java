package io.sluice.core.log;

import java.util.Locale;
import java.util.OptionalLong;

/**
 * The names of a partition's files: 20 digits of the first offset, and what the file is.
 *
 * <pre>
 *  .log         record batches
 *  .index       offset index
 *  .timeindex   time index
 *  .snapshot    producer state, of all records before the offset in the name
 *  .cleaned     compaction is writing this: worth nothing after a crash
 *  .swap        compaction has written this and is replacing older segments by it
 *  .deleted     no longer part of the log
 * </pre>
 */
public final class SegmentNames {
    public static final String LOG = ".log";
    public static final String OFFSET_INDEX = ".index";
    public static final String TIME_INDEX = ".timeindex";
    public static final String SNAPSHOT = ".snapshot";
    public static final String CLEANED = ".cleaned";
    public static final String SWAP = ".swap";
    public static final String DELETED = ".deleted";

    private static final int DIGITS = 20;

    private SegmentNames() {}

    public static String of(long baseOffset, String suffix) {
        return String.format(Locale.ROOT, "%020d", baseOffset) + suffix;
    }

    /** The offset in a name of exactly that suffix; empty for any other name. */
    public static OptionalLong baseOffset(String name, String suffix) {
        if (name.length() != DIGITS + suffix.length() || !name.endsWith(suffix)) {
            return OptionalLong.empty();
        }
        long offset = 0;
        for (int i = 0; i < DIGITS; i++) {
            int digit = name.charAt(i) - '0';
            if (digit < 0 || digit > 9 || offset > (Long.MAX_VALUE - digit) / 10) {
                return OptionalLong.empty();
            }
            offset = offset * 10 + digit;
        }
        return OptionalLong.of(offset);
    }
}
