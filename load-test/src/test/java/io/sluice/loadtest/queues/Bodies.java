package io.sluice.loadtest.queues;

import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/** Message bodies of 100 bytes: a number in hexadecimal, and random letters. */
final class Bodies {
    static final int BYTES = 100;
    private static final int STAMP = 16;

    private final String filler;
    private final AtomicLong last = new AtomicLong();

    Bodies(long seed) {
        filler = new Random(seed)
                .ints(BYTES - STAMP, 'a', 'z' + 1)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** One that no other is equal to. */
    String next() {
        return with(last.incrementAndGet());
    }

    /** One that holds a number. */
    String with(long number) {
        String digits = Long.toHexString(number);
        return "0".repeat(STAMP - digits.length()) + digits + filler;
    }

    /** The number in a body. */
    static long number(String body) {
        return Long.parseUnsignedLong(body, 0, STAMP, 16);
    }
}
