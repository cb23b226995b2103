package io.sluice.groups;

import io.sluice.groups.classic.Protocol;
import java.util.Collection;
import java.util.List;

/**
 * How much members say of themselves. The members of a classic group are one event, so there is a bound on all of them
 * together; and a member of one protocol may be one of the other later. One request is bounded by the faces.
 */
public final class MemberSize {
    /** How much the members of a group may say of themselves, in bytes as they are measured here. */
    static final long MAX_BYTES = 32L * 1024 * 1024;

    /** How long the name of a group may be: as long as a text of Kafka's older versions. It is in each key of the log. */
    static final int MAX_GROUP_CHARS = Short.MAX_VALUE;

    /** What a member and each of its texts take beside their bytes, at most. */
    private static final int OVERHEAD_BYTES = 64;

    private MemberSize() {}

    /** Not less than what would be written down of a member, in bytes, but for its partitions. */
    public static long of(List<Protocol> protocols, Collection<String> topics, String... texts) {
        long bytes = OVERHEAD_BYTES;
        for (Protocol protocol : protocols) {
            bytes += textBytes(protocol.name()) + Integer.BYTES + protocol.metadata().length;
        }
        for (String topic : topics) {
            bytes += textBytes(topic);
        }
        for (String text : texts) {
            bytes += textBytes(text);
        }
        return bytes;
    }

    /** A character takes 3 bytes at most. */
    private static long textBytes(String text) {
        return Integer.BYTES + 3L * text.length();
    }
}
