package io.sluice.server.http.queues;

import io.sluice.groups.queue.MessageId;
import io.sluice.groups.queue.Receive.Lease;
import io.sluice.server.http.records.JsonOutput;
import java.util.Optional;

/** Messages and leases as they are written outside: partition, offset and nonce, {@code 3-1042-9f0c}. */
final class MessageTokens {
    private static final int PARTITION_DIGITS = 9;
    private static final int OFFSET_DIGITS = 18;
    private static final int NONCE_DIGITS = 16;

    private MessageTokens() {}

    /** Writes the token of a lease, without quotes. */
    static void put(JsonOutput out, Lease lease) {
        out.number(lease.id().partition())
                .put('-')
                .number(lease.id().offset())
                .put('-')
                .hex(lease.nonce());
    }

    /** The lease that a token stands for, which is written in one way only; empty if it cannot be one. */
    static Optional<Lease> lease(String token) {
        int first = token.indexOf('-');
        int second = token.indexOf('-', first + 1);
        if (first < 0
                || second < 0
                || !isNumber(token, 0, first, PARTITION_DIGITS)
                || !isNumber(token, first + 1, second, OFFSET_DIGITS)
                || !isHex(token, second + 1)) {
            return Optional.empty();
        }
        return Optional.of(new Lease(
                new MessageId(Integer.parseInt(token, 0, first, 10), Long.parseLong(token, first + 1, second, 10)),
                Long.parseUnsignedLong(token, second + 1, token.length(), 16)));
    }

    private static boolean isNumber(String token, int from, int to, int maxDigits) {
        int digits = to - from;
        if (digits < 1 || digits > maxDigits || digits > 1 && token.charAt(from) == '0') {
            return false;
        }
        for (int i = from; i < to; i++) {
            if (token.charAt(i) < '0' || token.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }

    private static boolean isHex(String token, int from) {
        int digits = token.length() - from;
        for (int i = from; i < token.length(); i++) {
            char c = token.charAt(i);
            if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
                return false;
            }
        }
        return digits >= 1 && digits <= NONCE_DIGITS;
    }
}
